"""The plan of the charge statement uses keys, whatever the statistics were when a connection first planned it."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from jobmeter.charging.charge import store
from jobmeter.charging.charge.flow import make_charge_references
from jobmeter.charging.charge.model import DayCounts
from jobmeter.database.connection import prefer_index_plans
from jobmeter.database.pool import Database
from jobmeter.metering.intake.singles import store as singles_store
from jobmeter.metering.intake.singles.model import JudgedJobs, NewEvents

JOBS = np.arange(1, 4, dtype=np.int64)
ONES = np.ones(3, dtype=np.int64)
DAY = date(2025, 3, 1)
COUNTS = DayCounts(
    shards=JOBS,
    job_ids=JOBS,
    revisions=ONES,
    are_capped=ONES,
    days=ONES,
    views=ONES,
    clicks=ONES,
    refused=ONES,
    chargeable=ONES,
    references=make_charge_references(20_000, JOBS, 1),
)


async def test_no_table_that_grows_is_joined(database_url: str) -> None:
    """A connection keeps its plan: one made while a table is empty must also suit a full table."""
    plan = await _explain_charge(database_url)
    assert list_scanned(plan) == ["job_budgets"]


def test_the_functions_of_a_charge_cost_no_call(database_url: str) -> None:
    """The planner writes them out where they are named; called for each job, they would cost more than the charge."""
    plan = json.dumps(asyncio.run(_explain_charge(database_url)))
    assert "nullif" in plan.lower()
    assert "affordable_clicks" not in plan
    assert "crosses_alert" not in plan
    assert "live_part" not in plan


async def _explain_charge(database_url: str) -> dict[str, Any]:
    database = await Database.open(database_url, connections_max=1)
    async with database.transaction() as connection:
        await prefer_index_plans(connection)
        cursor = await connection.execute(
            "EXPLAIN (VERBOSE, FORMAT JSON) " + store.SQL["charge_day"],
            {
                **COUNTS.parameters(),
                "day": DAY,
                "opening_day": DAY,
                "booked_at": datetime(2025, 3, 1, tzinfo=UTC),
                "batch": 1,
            },
        )
        row = await cursor.fetchone()
    await database.close()

    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


async def test_single_events_look_up_what_grows_by_its_key(database_url: str) -> None:
    """Jobs are charged in the order of their keys: the plan that locks them reads what is asked first, in order."""
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.keyed_connection() as connection,
    ):
        cursor = await connection.execute(
            "EXPLAIN (VERBOSE, FORMAT JSON) " + singles_store.SQL["take_events"],
            {
                **NewEvents(
                    JOBS, make_charge_references(20_000, JOBS, 1), JOBS, ONES, ONES, ONES
                ).parameters(),
                **JudgedJobs(JOBS, JOBS, ONES).parameters(),
                "filter_revision": 0,
                "day": DAY,
                "opening_day": DAY,
                "booked_at": datetime(2025, 3, 1, tzinfo=UTC),
            },
        )
        row = await cursor.fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    assert sorted(set(list_scanned(plan))) == ["filter_revision", "job_budgets", "job_postings"]
    assert "content" not in json.dumps(plan)  # of a job: it can be long
    jobs = {"job_budgets", "job_postings"}
    scans = [
        node for node in list_nodes(plan) if node.get("Relation Name") in jobs and "Scan" in node["Node Type"]
    ]
    assert all("job_id" in scan["Index Cond"] for scan in scans)
    (charge,) = [node for node in walk(plan) if node.get("Operation") == "Update"]
    (join,) = charge["Plans"]
    asked, budgets = join["Plans"]
    assert (join["Node Type"], asked["Alias"], budgets["Index Name"]) == (
        "Nested Loop",
        "asked",
        "job_budgets_pkey",
    )


def list_scanned(plan: dict[str, Any]) -> list[str]:
    """Returns the tables that the plan scans, the deepest last."""
    own = [plan["Relation Name"]] if "Scan" in plan["Node Type"] and "Relation Name" in plan else []
    return own + [name for child in plan.get("Plans", []) for name in list_scanned(child)]


@pytest.mark.parametrize(
    "read",
    [
        "job_days_as_of(shard_of(job)::integer, job, '2025-03-09')",
        "(SELECT day FROM job_day_sums WHERE shard = shard_of(job) AND job_id = job OFFSET 0)",
        "(SELECT day FROM all_job_days WHERE shard = shard_of(job) AND job_id = job)",
    ],
)
async def test_both_places_of_a_job_s_days_are_read_by_its_key(database_url: str, read: str) -> None:
    """Of a view that adds days up, a condition which stays outside would add up the days of all jobs."""
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        cursor = await connection.execute(
            f"EXPLAIN (FORMAT JSON) SELECT * FROM unnest(%s::bigint[]) AS job CROSS JOIN LATERAL {read} AS days",
            [[1, 2]],
        )
        row = await cursor.fetchone()
    assert row is not None
    scans = [
        scan
        for scan in list_nodes(row[0][0]["Plan"])
        if scan.get("Relation Name") in {"job_days", "job_budgets"} and "job_id" not in str(scan)
    ]
    assert scans == []


def list_nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns every node of the plan, without the nodes below it."""
    return [{name: value for name, value in node.items() if name != "Plans"} for node in walk(plan)]


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from walk(child)
