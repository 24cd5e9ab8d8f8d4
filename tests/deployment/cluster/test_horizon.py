"""The horizon waits for what nodes still have to commit of this database, and not of another one on the same nodes."""

from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.nodes import list_nodes
from tests.deployment.cluster.test_in_use import ask
from tests.support.databases.citus import CITUS_URL

pytestmark = pytest.mark.skipif(not CITUS_URL, reason="CITUS_URL names no cluster")

ARE_DONE = "SELECT are_commits_done()"


@contextmanager
def prepared(node, name):
    """A transaction that the node has prepared, and that nobody ends."""
    with psycopg.connect(node, autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT pg_current_xact_id()")
        connection.execute(f"PREPARE TRANSACTION '{name}'")
        try:
            yield
        finally:
            connection.execute(f"ROLLBACK PREPARED '{name}'")


def test_what_another_database_has_prepared_holds_no_horizon(database_url):
    _, worker, *_ = list_nodes(CITUS_URL)
    own = make_conninfo(worker, dbname=conninfo_to_dict(database_url)["dbname"])
    with prepared(worker, "citus_of_another"):
        assert ask(database_url, ARE_DONE) is True
    with prepared(own, "citus_of_this"):
        assert ask(database_url, ARE_DONE) is False
    assert ask(database_url, ARE_DONE) is True
