"""Owns what the stories of the edge share: another partner beside the sandbox's own, and its tokens.

Does not own any expectation.
"""

import asyncio

import pytest

from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.support.sandbox_client import SandboxClient


@pytest.fixture
def neighbour(sandbox_client, database_url):
    """Another partner with a customer of its own in the same installation."""

    async def make():
        database = await Database.open(database_url, connections_max=1)
        try:
            return await seed.make_partner(database, now=sandbox_client.now)
        finally:
            await database.close()

    return SandboxClient(sandbox_client.client, sandbox_client.credentials | asyncio.run(make()))
