"""The horizon waits for what nodes still have to commit of this database, and not of another one on the same nodes."""

from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.nodes import list_nodes
from jobmeter.database.statements import load_statements
from tests.deployment.cluster.test_in_use import ask
from tests.support.databases.citus import CITUS_URL

pytestmark = pytest.mark.skipif(not CITUS_URL, reason="CITUS_URL names no cluster")

ARE_DONE = "SELECT are_commits_done()"
OLDEST = load_statements("jobmeter.ledger.chain")["read_oldest_transaction"]


@contextmanager
def prepared(node, name):
    """A transaction that the node has prepared, and that nobody ends; yields its number."""
    with psycopg.connect(node, autocommit=True) as connection:
        connection.execute("BEGIN")
        number = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
        connection.execute(f"PREPARE TRANSACTION '{name}'")
        try:
            yield number
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


def test_nor_does_what_it_has_prepared_on_the_coordinator(database_url):
    coordinator, *_ = list_nodes(CITUS_URL)
    own = make_conninfo(coordinator, dbname=conninfo_to_dict(database_url)["dbname"])
    with prepared(coordinator, "of_another") as number:
        assert find_oldest(database_url) > number
    with prepared(own, "of_this") as number:
        assert find_oldest(database_url) <= number
    assert find_oldest(database_url) > number


def find_oldest(url):
    """After another transaction: no number above the last that has ended is the oldest."""
    ask(url, "SELECT pg_current_xact_id()::text")
    return ask(url, OLDEST)
