"""Pages of members' lists read about as many rows as they show, whatever values their plan is made for."""

from datetime import UTC, datetime

import psycopg
import pytest

from jobmeter.jobs.members.model import NEWEST
from jobmeter.jobs.members.store import SQL
from tests.stories.operator.test_list_plans import FILL, ROWS_READ_MAX, count_read, explain

POSTER, APPLICATION, CONTRACT = "jo@customer.example", 2_000_007, 9_000_001
# Of 20,000 jobs a poster has 1,000 and a contract with slots as many; each job was changed once.
MORE = f"""
UPDATE job_postings SET content = '{{"poster_email": "{POSTER}"}}' WHERE external_id LIKE 'job-%7' AND shard < 128;
INSERT INTO hiring_contracts (id, shard, kind, owner_name, is_postpaid, currency, run_days, default_poster_email, seats,
                              starts_at, ends_at, created_at)
VALUES ({CONTRACT}, 1, 'SLOTS', 'Owner', false, 'EUR', 30, 'first@client.example', '{{}}', now(), now(), now());
UPDATE job_postings SET channel = 'XML', hiring_contract_id = {CONTRACT} WHERE external_id LIKE 'job-%33';
INSERT INTO job_changes (shard, job_id, revision, kind, actor, run_number, poster_email, changed_fields, made_at)
SELECT shard, job_id, 1, 'EDIT', 'member', 1, '', '{{}}', now() - job_id * interval '1 second' FROM job_postings;
ANALYZE job_postings, job_changes, hiring_contracts;
"""
NOW = datetime(2026, 3, 2, tzinfo=UTC)
PAGE = {
    "before": NEWEST,
    "is_open": None,
    "search": "",
    "now": NOW,
    "rows_max": 50,
    "member_email": "",
    "hiring_contract_ids": [],
    "application_ids": [],
}
CHANGES = {
    "made_at": datetime(2100, 1, 1, tzinfo=UTC),
    "job_id": NEWEST,
    "revision": 0,
    "kind": "",
    "rows_max": 50,
}
CASES = {
    "a poster's": ("list_owned_jobs", PAGE | {"member_email": POSTER}),
    "a poster's, from the middle": ("list_owned_jobs", PAGE | {"member_email": POSTER, "before": 2_500_000}),
    "a contract's": ("list_owned_jobs", PAGE | {"hiring_contract_ids": [CONTRACT]}),
    "an application's": ("list_owned_jobs", PAGE | {"application_ids": [APPLICATION]}),
    "an application's changes": ("list_changes", CHANGES | {"application_id": APPLICATION}),
}


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url) as opened:
        opened.execute(FILL)
        opened.execute(MORE)
        opened.execute("SET plan_cache_mode = force_generic_plan")
        yield opened
        opened.rollback()


def test_no_page_of_a_member_reads_the_whole_table(connection):
    read = {}
    for name, (statement, values) in CASES.items():
        read[name] = count_read(explain(connection, SQL[statement], values))
    assert all(read.values()), read
    assert {name: count for name, count in read.items() if count > ROWS_READ_MAX} == {}
