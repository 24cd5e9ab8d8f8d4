"""Reports look up what they show by key, whatever a connection knew of the tables when it planned the statement."""

from typing import Any

import pytest

from jobmeter.database.arrays import BigintArray, DateArray, SmallintArray, TextArray
from jobmeter.database.pool import Database
from jobmeter.database.statements import vars_of
from jobmeter.reports.job_reports import store
from jobmeter.reports.job_reports.model import RequestedIds, RequestedJobs
from tests.unit.charging.test_plans import list_nodes

REQUESTED = vars_of(
    RequestedIds(
        ids=TextArray(["a", "b"]),
        shards=SmallintArray([1, 1]),
        application_ids=BigintArray([1, 1]),
        contract_ids=BigintArray([0, 0]),
        firsts=DateArray([20_000, 20_000]),
        lasts=DateArray([20_000, 20_000]),
        todays=DateArray([20_001, 20_001]),
    )
)
OF_JOBS = vars_of(
    RequestedJobs(
        job_ids=BigintArray([1, 2]),
        shards=SmallintArray([1, 1]),
        application_ids=BigintArray([1, 1]),
        firsts=DateArray([20_000, 20_000]),
        lasts=DateArray([20_000, 20_000]),
        todays=DateArray([20_001, 20_001]),
    )
)
KEYS = {"job_id", "external_id", "company_job_code", "reference"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("read_reports_by_external_id", REQUESTED),
        ("find_jobs_by_code", REQUESTED),
        ("read_reports", OF_JOBS),
    ],
)
async def test_everything_of_a_job_is_read_by_its_key(
    database_url: str, name: str, values: dict[str, Any]
) -> None:
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        cursor = await connection.execute("EXPLAIN (FORMAT JSON) " + store.SQL[name], values)
        row = await cursor.fetchone()
    assert row is not None
    scans = [node for node in list_nodes(row[0][0]["Plan"]) if "Relation Name" in node]
    assert {"job_postings", "job_posting_versions"} <= {node["Relation Name"] for node in scans}
    postings = [node for node in scans if node["Relation Name"] == "job_postings"]
    assert all("application_id" in str(_find_condition(node)) for node in postings)
    found = [node for node in scans if not any(key in str(_find_condition(node)) for key in KEYS)]
    assert {node["Relation Name"] for node in found} <= {"job_month_keeping", "job_day_folds", "event_days"}


def _find_condition(node: dict[str, Any]) -> str | None:
    return node.get("Index Cond", node.get("Recheck Cond"))
