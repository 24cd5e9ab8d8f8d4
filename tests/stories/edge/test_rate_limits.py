"""The daily quota of an application and resource is exact, across processes and across restarts."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobmeter.base.faults import Fault
from jobmeter.http.rate_limits import RateLimits, Throttled, read_rate_limits
from jobmeter.partners.applications import flow as partners
from jobmeter.request_control import flow as request_control
from tests.support.sandbox_client import open_sandbox_client

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASKS = "/v2/simpleJobPostingTasks?ids=x"


@pytest.fixture
async def application_id(database):
    async with database.transaction() as connection:
        made = await partners.create_parent(connection, name="Partner", now=NOON)
    return made.application.id


def make_processes(database, calls_max, count=3):
    """Makes the limits of several worker processes, which share only the database."""
    return [RateLimits(database, {"jobs": calls_max}) for _ in range(count)]


async def take_all(limits, application_id, *, tries, now=NOON):
    """Returns how many of ``tries`` calls were admitted."""
    admitted = 0
    for _ in range(tries):
        try:
            await limits.take(application_id=application_id, resource="jobs", now=now)
        except Throttled:
            continue
        admitted += 1
    return admitted


def test_the_quota_is_reported_counted_and_enforced(database_url):
    with open_sandbox_client(
        database_url, rate_limits="simpleJobPostingTasks=3, partnerJobReports=0"
    ) as sandbox_client:
        headers = sandbox_client.headers()
        answers = [sandbox_client.client.get(TASKS, headers=headers) for _ in range(5)]

        assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
        refused = answers[-1]
        assert refused.json() == {
            "status": 429,
            "serviceErrorCode": 101,
            "code": "TOO_MANY_REQUESTS",
            "message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
        }
        assert 0 < int(refused.headers["Retry-After"]) <= 86_400

        # and other resources, other applications and the next day have separate quotas
        day = sandbox_client.now.date()
        assert sandbox_client.report_by_ids("x", days=(day, day)).status_code == 429
        assert sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers).status_code == 403
        assert sandbox_client.client.get(TASKS, headers=sandbox_client.headers("parent")).status_code == 400
        sandbox_client.advance_to_midnight()
        assert sandbox_client.client.get(TASKS, headers=sandbox_client.headers()).status_code == 400


def test_counts_survive_a_restart(database_url):
    with open_sandbox_client(database_url, rate_limits="simpleJobPostingTasks=3") as sandbox_client:
        credentials = sandbox_client.credentials
        for _ in range(2):
            assert sandbox_client.client.get(TASKS, headers=sandbox_client.headers()).status_code == 400
    with open_sandbox_client(database_url, rate_limits="simpleJobPostingTasks=3") as sandbox_client:
        again = type(sandbox_client)(
            sandbox_client.client, sandbox_client.credentials | {"child": credentials["child"]}
        )
        statuses = [again.client.get(TASKS, headers=again.headers()).status_code for _ in range(2)]
    assert statuses == [400, 429]


@pytest.mark.parametrize("calls_max", [0, 1, 7, 90, 1_000, 20_000])
async def test_processes_together_admit_no_more_than_the_limit(calls_max, database, application_id):
    processes = make_processes(database, calls_max)
    tries = calls_max // 3 + 60
    counts = await asyncio.gather(
        *(take_all(process, application_id, tries=tries) for process in processes for _ in range(2))
    )
    admitted, afterwards = sum(counts), await take_all(processes[0], application_id, tries=100)
    # Each process was called more often than its share, so together they used up every call.
    assert admitted + afterwards == calls_max


async def test_a_process_that_stops_returns_its_unused_calls(database, application_id):
    first, second = make_processes(database, 10_000, 2)
    assert await take_all(first, application_id, tries=3) == 3
    await first.close()
    quota = await second.take(application_id=application_id, resource="jobs", now=NOON)
    await second.close()
    assert quota.remaining == 10_000 - 4


async def test_only_the_leases_of_a_killed_process_are_lost_until_midnight(database, application_id):
    killed, other = make_processes(database, 10_000, 2)
    await take_all(killed, application_id, tries=1)
    today = await take_all(other, application_id, tries=10_100)
    tomorrow = await take_all(other, application_id, tries=10_100, now=NOON + timedelta(days=1))
    assert 10_000 - request_control.LEASE_CALLS_MAX <= today < 10_000
    assert tomorrow == 10_000


async def test_a_process_leases_fifty_calls_at_a_time_while_many_remain(database, application_id):
    (process,) = make_processes(database, 1_000_000, 1)
    taken = []
    for _ in range(101):
        await process.take(application_id=application_id, resource="jobs", now=NOON)
        async with database.connection() as connection:
            row = await (await connection.execute("SELECT taken FROM call_counters")).fetchone()
        taken.append(row[0])
    assert taken == [50] * 50 + [100] * 50 + [150]


async def test_a_lowered_limit_applies_at_once(database, application_id):
    (before,) = make_processes(database, 100, 1)
    await take_all(before, application_id, tries=60)
    (after,) = make_processes(database, 50, 1)
    assert await take_all(after, application_id, tries=5) == 0


async def test_old_counters_are_deleted(database, application_id):
    (process,) = make_processes(database, 100, 1)
    await take_all(process, application_id, tries=1)
    async with database.transaction() as connection:
        await request_control.sweep_bookkeeping(connection, rows_max=10, now=NOON + timedelta(days=7))
        kept = await (await connection.execute("SELECT count(*) FROM call_counters")).fetchone()
        await request_control.sweep_bookkeeping(connection, rows_max=10, now=NOON + timedelta(days=8))
        left = await (await connection.execute("SELECT count(*) FROM call_counters")).fetchone()
    assert (kept[0], left[0]) == (1, 0)


async def test_the_refusal_is_a_fault(database, application_id):
    (process,) = make_processes(database, 0, 1)
    with pytest.raises(Throttled) as caught:
        await process.take(application_id=application_id, resource="jobs", now=NOON)
    assert caught.value.fault is Fault.THROTTLED
    assert caught.value.quota.resets_in_seconds == 12 * 3_600


def test_a_forced_refusal_has_the_content_of_a_real_one(sandbox_client):
    forced = sandbox_client.client.get(TASKS, headers=sandbox_client.headers() | {"X-Jobmeter-Fail": "1024"})
    assert forced.status_code == 429
    assert forced.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(forced.headers["Retry-After"]) <= 86_400
    assert forced.headers["Retry-After"] == forced.headers["X-RateLimit-Reset"]

    # and it used exactly one call
    answer = sandbox_client.client.get(TASKS, headers=sandbox_client.headers())
    assert int(answer.headers["X-RateLimit-Remaining"]) == int(answer.headers["X-RateLimit-Limit"]) - 2


@pytest.mark.parametrize("setting", ["jobs", "jobs=", "=5", "jobs=-1", "jobs=5,x=many"])
def test_a_malformed_setting_is_named(setting):
    with pytest.raises(ValueError, match="JOBMETER_RATE_LIMITS"):
        read_rate_limits(setting)


def test_an_empty_setting_changes_nothing():
    assert read_rate_limits(" , ") == {}


async def test_a_process_stops_although_the_database_is_unavailable(database_url, database, application_id):
    (process,) = make_processes(database, 10_000, 1)
    await take_all(process, application_id, tries=1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE call_counters RENAME TO gone")
    await process.close()
