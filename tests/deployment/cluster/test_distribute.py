"""`jobmeter db distribute` on a real cluster: a database in use keeps all that it has, an interruption loses nothing."""

import asyncio

import psycopg
import pytest

from bench import nodes
from jobmeter.cli.main import main
from jobmeter.operations import store
from jobmeter.operations.distributing import carry_out
from jobmeter.operations.distribution import BY_SHARD, EVERYWHERE, PLACES, Place, plan_distribution
from tests.deployment.cluster.checking import list_broken
from tests.support.databases import citus
from tests.support.sandbox_client import open_sandbox_client, reopen_sandbox_client
from tests.support.xml_partner import POSTER, XmlPartner

pytestmark = pytest.mark.skipif(not citus.CITUS_URL, reason="CITUS_URL names no cluster")

NAME = "jobmeter_used"
JOBS = 5
FINAL_DAYS = 4  # a day is settled, and packed by month
USED = (
    "job_budgets",
    "job_postings",
    "job_tasks",
    "events",
    "ledger_postings",
    "ledger_seals",
    "credit_uses",
)
TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE NOT tgisinternal AND tgname !~ '^(truncate_trigger|citus)' ORDER BY 1, 2"
)
ROWS = "SELECT count(*) FROM {}"


@pytest.fixture
def used():
    """A database of one server that was used, on a server with Citus."""
    nodes.drop_databases(citus.CITUS_URL, [NAME])
    url = nodes.make_database(citus.CITUS_URL, NAME)
    with open_sandbox_client(url) as client:
        for number in range(JOBS):
            job_id = client.post_job(f"used-{number}")
            client.send_clicks(job_id, number, prefix=f"{number}-")
        client.close_job("used-0")
        partner = XmlPartner(client)
        assert partner.post("used", partner.credits, poster=POSTER).status_code == 201
        client.advance_to_midnight(FINAL_DAYS)
        client.send_clicks(job_id, 1, prefix="later")
    yield url, client.credentials
    nodes.drop_databases(citus.CITUS_URL, [NAME])


def count_rows(url):
    with psycopg.connect(url) as connection:
        return {name: connection.execute(ROWS.format(name)).fetchone()[0] for name in PLACES}


def list_triggers(url):
    with psycopg.connect(url) as connection:
        return connection.execute(TRIGGERS).fetchall()


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["db", *arguments])
    assert not ended.value.code


def test_a_database_in_use_is_distributed_after_an_interruption(used, capsys):
    used_url, credentials = used
    before, triggers = count_rows(used_url), list_triggers(used_url)
    nodes.add_citus(citus.CITUS_URL, NAME)
    steps = plan_distribution(store.read_distribution(used_url))
    carry_out(used_url, steps[: len(steps) // 2], pieces=nodes.PIECES)
    run("distribute", "--yes", "--pieces", "4", "--database-url", used_url)
    assert "pieces by shard" in capsys.readouterr().out
    run("distribute", "--database-url", used_url)
    assert "Nothing to do" in capsys.readouterr().out
    assert count_rows(used_url) == before
    assert set(triggers) <= set(list_triggers(used_url))
    assert all(before[name] for name in USED)
    assert asyncio.run(list_broken(used_url)) == []
    with reopen_sandbox_client(used_url, credentials) as again:
        again.send_clicks(again.post_job("afterwards"), 2)
        again.advance_to_midnight()
    assert asyncio.run(list_broken(used_url)) == []


def test_a_copy_of_a_distributed_database_is_distributed(database_url):
    found = store.read_distribution(database_url)
    assert plan_distribution(found) == []
    placed = {place: {name for name in PLACES if found.tables[name] == place} for place in Place}
    assert placed[Place.BY_SHARD] == {*BY_SHARD}
    assert placed[Place.EVERYWHERE] == {*EVERYWHERE}


HOT = {
    "events": "SELECT * FROM events WHERE shard = 5 AND event_key = '00000000-0000-0000-0000-000000000000'",
    "budgets": "SELECT * FROM job_budgets WHERE shard = 5 AND job_id = 1285 FOR UPDATE",
    "charges": "SELECT * FROM charge_postings WHERE shard = 5 AND day = '2026-03-02' AND source_id = 1285",
    "postings": "SELECT * FROM job_postings JOIN job_budgets USING (shard, job_id) WHERE shard = 5 AND job_id = 1285",
}


@pytest.mark.parametrize("name", HOT)
def test_what_names_a_shard_is_one_task(database_url, name):
    with psycopg.connect(database_url) as connection:
        plan = "\n".join(line for (line,) in connection.execute(f"EXPLAIN {HOT[name]}"))
    assert "Task Count: 1" in plan


def test_a_note_of_a_changed_job_is_beside_the_job(database_url):
    """Written by a trigger of the job's piece, on the piece's node."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO job_standings (shard, job_id, application_id, is_promoted, reason, listing, limit_micros,"
            " spent_micros, until_ms, looked_at)"
            " SELECT shard, 256 * 4 + shard, 1, false, '', '', 0, 0, 0, now() FROM generate_series(0, 7) AS shard"
        )
        found = connection.execute("SELECT shard, job_id FROM listed_job_notes ORDER BY shard").fetchall()
    assert found == [(shard, 1024 + shard) for shard in range(8)]
