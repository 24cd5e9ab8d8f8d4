"""Owns one sandbox for each module of bad-input tests: refused requests change nothing, so the tests can share it."""

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import SandboxClient, add_partner, open_sandbox_client


class SteppedClient(SandboxClient):
    """Background work runs only while the clock moves, so that no chore writes between two snapshots of the tables."""

    def task(self, urn, who="child"):
        self.advance("1s")
        return super().task(urn, who)


@pytest.fixture(scope="module")
def database_url(cluster_url):
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url, chores=False) as opened:
        yield SteppedClient(opened.client, opened.credentials)


@pytest.fixture(scope="module")
def job_id(sandbox_client):
    """One live job; once it is live, the background work has set up the tables."""
    return sandbox_client.post_job("here-1")


@pytest.fixture(scope="module")
def neighbour(sandbox_client, database_url):
    """Another partner with its own customer in the same installation."""
    return add_partner(sandbox_client, database_url)
