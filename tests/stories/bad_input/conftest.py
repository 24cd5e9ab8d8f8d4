"""Owns one sandbox for each module of bad-input tests: refused requests change nothing, so the tests can share it."""

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import add_partner, open_sandbox_client


@pytest.fixture(scope="module")
def database_url(cluster_url):
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def job_id(sandbox_client):
    """One live job; once it is live, the background worker has set up the tables."""
    return sandbox_client.post_job("here-1")


@pytest.fixture(scope="module")
def neighbour(sandbox_client, database_url):
    """Another partner with its own customer in the same installation."""
    return add_partner(sandbox_client, database_url)
