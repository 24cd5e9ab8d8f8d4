"""Owns one sandbox for each module of bad input: what is refused leaves no trace, so its stories can share it."""

import asyncio

import pytest

from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import Board, open_board


@pytest.fixture(scope="module")
def database_url(cluster_url):
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def board(database_url):
    with open_board(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def job_id(board):
    """One live job; the background worker has made its tables ready once it is."""
    return board.post_job("here-1")


@pytest.fixture(scope="module")
def neighbour(board, database_url):
    """Another partner with a customer of its own in the same installation."""

    async def make():
        database = await Database.open(database_url, connections_max=1)
        try:
            return await seed.make_partner(database, now=board.now)
        finally:
            await database.close()

    return Board(board.client, board.credentials | asyncio.run(make()))
