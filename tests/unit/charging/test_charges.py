"""Charges by the names that their readers ask: each one is found once, by its key, and nothing else is."""

import re
from datetime import date, timedelta
from itertools import product
from uuid import UUID

import psycopg
import pytest

from jobmeter.base.ids import SHARD_COUNT
from jobmeter.explain.flow import make_charge_reference
from jobmeter.reports.job_reports.store import SQL as REPORTS
from tests.unit.charging.test_plans import list_nodes

DAY = date(2025, 3, 1)
DAYS = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
# Neighbours in the key: of one shard, of the shards beside it, and of the largest numbers that a reference has room for.
JOBS = [256, 257, 512, 513, 767, 2**48 - 2, 2**48 - 1]
BATCHES = [1, 2, 2**63 - 1]
KEYS = list(product(DAYS, JOBS, BATCHES))

BOOK = """
INSERT INTO charge_postings (shard, reference, purpose, source_kind, source_id, destination_kind, destination_id, amount,
                             unit, day, booked_at, cause)
SELECT shard_of(job), charge_reference(day, job, batch), 3, 3, job, 4, 9, mod(job, 1000) + 1, 'EUR', day, day, batch
  FROM unnest(%s::date[], %s::bigint[], %s::bigint[]) AS asked (day, job, batch)
"""
ASK_ALL = "SELECT day, job_id, batch FROM charges ORDER BY day, job_id, batch"
ASK_ONE = "SELECT reference FROM charge_of(shard_of(%(job)s), %(job)s, %(day)s, %(batch)s)"
ASK_DAY = "SELECT batch FROM charges_of_day(shard_of(%(job)s), %(job)s, %(day)s) ORDER BY batch"
ASK_NAMED = "SELECT shard, job_id, day, batch, contract_id, amount_micros, currency FROM charge_named(%s)"


@pytest.fixture
def charged(database_url):
    """Every second key has a charge."""
    with psycopg.connect(database_url) as connection:
        connection.execute(BOOK, [list(column) for column in zip(*KEYS[::2], strict=True)])
        yield connection


def test_all_charges_are_listed(charged):
    assert charged.execute(ASK_ALL).fetchall() == KEYS[::2]


def test_a_charge_is_found_by_its_job_day_and_batch(charged):
    for key in KEYS:
        day, job, batch = key
        found = charged.execute(ASK_ONE, {"day": day, "job": job, "batch": batch}).fetchall()
        assert found == ([(make_charge_reference(day, job, batch),)] if key in KEYS[::2] else []), key


def test_the_charges_of_a_job_s_day_are_those_of_no_other(charged):
    for day, job in product(DAYS, JOBS):
        found = charged.execute(ASK_DAY, {"day": day, "job": job}).fetchall()
        assert found == [(batch,) for batch in BATCHES if (day, job, batch) in KEYS[::2]], (day, job)


def test_a_charge_is_found_by_its_reference_alone(charged):
    for key in KEYS:
        day, job, batch = key
        found = charged.execute(ASK_NAMED, [make_charge_reference(day, job, batch)]).fetchall()
        assert found == ([(job % 256, job, day, batch, 9, job % 1000 + 1, "EUR")] if key in KEYS[::2] else [])


@pytest.mark.parametrize("unknown", [None, UUID(int=0), UUID(int=2**128 - 1)])
def test_any_other_reference_finds_nothing(charged, unknown):
    assert charged.execute(ASK_NAMED, [unknown]).fetchall() == []


CLOSE = """
WITH job AS (
    INSERT INTO job_postings (shard, job_id, application_id, external_id, partner_contract_id, listing_type, title,
                              company_name, apply_url, location, content, state, listed_at, expires_at, created_at, closed_at)
    VALUES (shard_of(%(job)s), %(job)s, 1, 'closed', 9, 'BASIC', 'Fitter', 'Harbour', 'https://example.com', 'Leeds', '{}',
            'CLOSED', %(day)s, %(day)s, %(day)s, %(day)s)
), budget AS (
    INSERT INTO job_budgets (shard, job_id, partner_contract_id, currency, click_price_micros, budget_micros, live_from_ms,
                             live_until_ms)
    VALUES (shard_of(%(job)s), %(job)s, 9, 'EUR', 1, 10, 0, 1)
)
INSERT INTO job_days (shard, job_id, day, partner_contract_id, clicks_reversed)
VALUES (shard_of(%(job)s), %(job)s, %(kept)s, 9, 2)
"""


@pytest.mark.parametrize("is_folded", [False, True])
@pytest.mark.parametrize(("job", "is_shown"), [(256, True), (768, False)])
def test_a_closed_job_of_which_all_was_reversed_is_reported_if_it_was_charged(
    charged, job, is_shown, is_folded
):
    """Another job of its shard was charged in any case. The days of a job may have been folded into one."""
    charged.execute("INSERT INTO event_days (day) VALUES (%s) ON CONFLICT DO NOTHING", [DAY])
    # Without the application and the contract that a posted job has.
    charged.execute("SET LOCAL session_replication_role = replica")
    charged.execute(CLOSE, {"job": job, "day": DAY, "kept": date(1970, 1, 1) if is_folded else DAY})
    if is_folded:
        charged.execute("INSERT INTO job_day_folds (folded_before) VALUES (%s)", [DAY + timedelta(days=1)])
    found = charged.execute(
        f"SELECT job_id FROM ({REPORTS['read_reports']}) AS reports",
        {
            "job_ids": [job],
            "shards": [job % SHARD_COUNT],
            "application_ids": [1],
            "firsts": [DAY],
            "lasts": [DAY],
            "todays": [DAY + timedelta(days=5)],
        },
    ).fetchall()
    assert found == ([(job,)] if is_shown else [])


KEY_OF_DAY = ("shard", "day", "source_id")
KEY_OF_BATCH = (*KEY_OF_DAY, "cause")


@pytest.mark.parametrize(
    ("read", "key"),
    [
        ("charge_of(shard_of(job), job, '2025-03-01', 7)", KEY_OF_BATCH),
        ("charges_of_day(shard_of(job), job, '2025-03-01')", KEY_OF_DAY),
        ("charge_named(charge_reference('2025-03-01', job, 7))", KEY_OF_BATCH),
        ("(SELECT day FROM charge_of(shard_of(job), job, '2025-03-01', 7) OFFSET 0)", KEY_OF_BATCH),
    ],
)
def test_charges_are_read_by_their_key(database_url, read, key):
    """The planner writes the functions out where they are called, and looks each charge up in its shard."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            f"EXPLAIN (FORMAT JSON) SELECT * FROM unnest(%s::bigint[]) AS job LEFT JOIN LATERAL {read} AS found ON true",
            [[1, 2]],
        ).fetchone()
    scans = [node for node in list_nodes(row[0][0]["Plan"]) if node.get("Relation Name") == "charge_postings"]
    assert len(scans) == 1
    condition = scans[0].get("Index Cond", scans[0].get("Recheck Cond", ""))
    assert set(re.findall(r"\((\w+) =", condition)) == set(key)


def test_nothing_is_charged_twice(charged):
    """A batch's charge of a job and day is one row, whatever else it says."""
    day, job, batch = KEYS[0]
    with pytest.raises(psycopg.errors.UniqueViolation):
        charged.execute(BOOK, [[day], [job], [batch]])
