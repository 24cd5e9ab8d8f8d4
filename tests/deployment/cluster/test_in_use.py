"""A cluster that is used while a node is added, pieces move to it, the schema is upgraded, and the laws are checked: no event is lost or counted
twice, and no law seems broken.
"""

import asyncio
import threading
from contextlib import contextmanager

import psycopg
import pytest

from bench import nodes
from jobmeter.cli.main import main
from jobmeter.database.migrations_runner import apply_migration
from jobmeter.operations import store
from jobmeter.operations.distribution import plan_distribution
from tests.deployment.cluster.checking import list_broken
from tests.deployment.cluster.test_lost_worker import send_until_taken
from tests.support.databases import citus
from tests.support.sandbox_client import add_partner, make_event, open_sandbox_client

pytestmark = pytest.mark.skipif(not citus.CITUS_URL, reason="CITUS_URL names no cluster")

NAME = "jobmeter_growing"
CUSTOMERS = 4
CHECKS = 3
NODES_OF_PIECES = (
    "SELECT count(DISTINCT groupid) FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)"
    " WHERE logicalrelid = 'job_budgets'::regclass"
)
# Of each kind that the migrations have, on tables by shard, on one that every node has, and a new one.
NEXT_MIGRATION = """
ALTER TABLE job_postings ADD COLUMN shelf text NOT NULL DEFAULT '';
ALTER TABLE job_budgets ADD COLUMN shelf_micros bigint;
ALTER TABLE hiring_contracts ADD COLUMN shelf text;
UPDATE job_budgets SET shelf_micros = spent_micros;
ALTER TABLE job_budgets ADD CONSTRAINT shelf_is_no_debt CHECK (shelf_micros >= 0) NOT VALID;
ALTER TABLE job_budgets VALIDATE CONSTRAINT shelf_is_no_debt;
CREATE INDEX job_postings_by_shelf ON job_postings (shelf);
CREATE TABLE shelves (shelf text PRIMARY KEY, jobs integer NOT NULL DEFAULT 0);
CREATE FUNCTION name_shelf(shelf text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'shelf ' || shelf $$;
"""


class Sender(threading.Thread):
    """Sends batches of clicks and views on all jobs until it is stopped, each of them again if it is not acknowledged."""

    def __init__(self, client, job_ids):
        super().__init__()
        self.client, self.job_ids = client, job_ids
        self.batches = self.errors = 0
        self.is_over = threading.Event()

    def run(self):
        at = self.client.now_ms
        while not self.is_over.wait(0.05):
            events = [
                make_event(job_id, f"{self.batches}-{job_id}-{kind}", at + self.batches, type=kind)
                for job_id in self.job_ids
                for kind in ("applyClick", "view")
            ]
            self.errors += send_until_taken(self.client, events)
            self.batches += 1

    @contextmanager
    def at_work(self):
        self.start()
        try:
            yield self
        finally:
            self.is_over.set()
            self.join()


def post_jobs(client, database_url):
    """A job for each of some customers, whose shards differ."""
    customers = [client, *(add_partner(client, database_url) for _ in range(CUSTOMERS - 1))]
    return [customer.post_job(f"used-{number}") for number, customer in enumerate(customers)]


async def upgrade(url):
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await apply_migration(connection, "9999_before_shelves.sql", NEXT_MIGRATION, is_distributed=True)


def ask(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()[0]


@pytest.fixture
def small_url():
    """A distributed database whose pieces are all on the first worker."""
    nodes.drop_databases(citus.CITUS_URL, [NAME])
    url = nodes.make_database(citus.CITUS_URL, NAME)
    nodes.distribute(citus.CITUS_URL, NAME, workers_max=1)
    yield url
    nodes.drop_databases(citus.CITUS_URL, [NAME])


def test_pieces_move_to_a_node_that_is_added_while_events_arrive(small_url):
    """As docs/how-to/distribute.md says."""
    *_, last = nodes.list_nodes(citus.CITUS_URL)
    with open_sandbox_client(small_url) as client:
        with Sender(client, post_jobs(client, small_url)).at_work() as sender:
            assert ask(small_url, NODES_OF_PIECES) == 1
            with psycopg.connect(small_url, autocommit=True) as connection:
                connection.execute("SET statement_timeout = '5min'")  # moving waits for ever without workers
                connection.execute("SELECT citus_add_node(%s, %s)", nodes.find_place(last))
                with pytest.raises(SystemExit) as ended:
                    main(["db", "distribute", "--yes", "--database-url", small_url])
                assert not ended.value.code
                connection.execute("SELECT citus_rebalance_start()")
                connection.execute("SELECT citus_rebalance_wait()")
            assert ask(small_url, NODES_OF_PIECES) == 2
        assert ask(small_url, "SELECT count(*) FROM events") == sender.batches * CUSTOMERS * 2
        assert asyncio.run(list_broken(small_url)) == []


def test_a_check_that_reads_while_money_moves_finds_nothing_broken(sandbox_client, database_url):
    with Sender(sandbox_client, post_jobs(sandbox_client, database_url)).at_work() as sender:
        for _ in range(CHECKS):
            before = sender.batches
            assert asyncio.run(list_broken(database_url)) == []
            assert sender.batches > before, "money moved"


def test_the_schema_is_upgraded_while_the_database_is_distributed(sandbox_client, database_url):
    (job_id, *_) = job_ids = post_jobs(sandbox_client, database_url)
    sandbox_client.send_clicks(job_id, 3)
    asyncio.run(upgrade(database_url))
    found = store.read_distribution(database_url)
    assert plan_distribution(found) == []
    assert ask(database_url, f"SELECT shelf_micros = spent_micros FROM job_budgets WHERE job_id = {job_id}")
    with Sender(sandbox_client, job_ids).at_work():
        assert sandbox_client.post_job("after the upgrade")
    assert asyncio.run(list_broken(database_url)) == []
