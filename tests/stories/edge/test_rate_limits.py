"""Calls of an application to a resource on a UTC day: exact at the limit, over processes and over restarts."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobmeter.api.http.rate_limits import RateLimits, Throttled, read_rate_limits
from jobmeter.base.faults import Fault
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
    """As many as there would be worker processes: they share the database alone."""
    return [RateLimits(database, {"jobs": calls_max}) for _ in range(count)]


async def take_all(limits, application_id, *, tries, now=NOON):
    """How many of ``tries`` calls were admitted."""
    admitted = 0
    for _ in range(tries):
        try:
            await limits.take(application_id=application_id, resource="jobs", now=now)
        except Throttled:
            continue
        admitted += 1
    return admitted


def test_the_limit_is_told_counted_and_refused(database_url):
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

        # and other resources, other applications and the next day have calls of their own
        day = sandbox_client.now.date()
        assert sandbox_client.report_by_ids("x", days=(day, day)).status_code == 429
        assert sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers).status_code == 403
        assert sandbox_client.client.get(TASKS, headers=sandbox_client.headers("parent")).status_code == 400
        sandbox_client.advance_to_midnight()
        assert sandbox_client.client.get(TASKS, headers=sandbox_client.headers()).status_code == 400


def test_a_restart_forgets_nothing(database_url):
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
    # Each process was asked for more than its share, so between them every call was handed out.
    assert admitted + afterwards == calls_max


async def test_a_process_that_stops_returns_what_it_did_not_use(database, application_id):
    first, second = make_processes(database, 10_000, 2)
    assert await take_all(first, application_id, tries=3) == 3
    await first.close()
    quota = await second.take(application_id=application_id, resource="jobs", now=NOON)
    await second.close()
    assert quota.remaining == 10_000 - 4


async def test_what_a_killed_process_had_leased_is_lost_until_midnight_and_no_more(database, application_id):
    killed, other = make_processes(database, 10_000, 2)
    await take_all(killed, application_id, tries=1)
    today = await take_all(other, application_id, tries=10_100)
    tomorrow = await take_all(other, application_id, tries=10_100, now=NOON + timedelta(days=1))
    assert 10_000 - request_control.LEASE_CALLS_MAX <= today < 10_000
    assert tomorrow == 10_000


async def test_a_process_leases_fifty_calls_at_a_time_while_there_are_many(database, application_id):
    (process,) = make_processes(database, 1_000_000, 1)
    taken = []
    for _ in range(101):
        await process.take(application_id=application_id, resource="jobs", now=NOON)
        async with database.connection() as connection:
            row = await (await connection.execute("SELECT taken FROM call_counters")).fetchone()
        taken.append(row[0])
    assert taken == [50] * 50 + [100] * 50 + [150]


async def test_a_lowered_limit_holds_at_once(database, application_id):
    (before,) = make_processes(database, 100, 1)
    await take_all(before, application_id, tries=60)
    (after,) = make_processes(database, 50, 1)
    assert await take_all(after, application_id, tries=5) == 0


async def test_old_counters_are_swept(database, application_id):
    (process,) = make_processes(database, 100, 1)
    await take_all(process, application_id, tries=1)
    async with database.transaction() as connection:
        await request_control.sweep_bookkeeping(connection, rows_max=10, now=NOON + timedelta(days=7))
        kept = await (await connection.execute("SELECT count(*) FROM call_counters")).fetchone()
        await request_control.sweep_bookkeeping(connection, rows_max=10, now=NOON + timedelta(days=8))
        left = await (await connection.execute("SELECT count(*) FROM call_counters")).fetchone()
    assert (kept[0], left[0]) == (1, 0)


async def test_the_refusal_is_a_row_of_the_table(database, application_id):
    (process,) = make_processes(database, 0, 1)
    with pytest.raises(Throttled) as caught:
        await process.take(application_id=application_id, resource="jobs", now=NOON)
    assert caught.value.fault is Fault.THROTTLED
    assert caught.value.quota.resets_in_seconds == 12 * 3_600


def test_a_refusal_on_demand_tells_what_a_true_one_tells(sandbox_client):
    forced = sandbox_client.client.get(TASKS, headers=sandbox_client.headers() | {"X-Jobmeter-Fail": "1024"})
    assert forced.status_code == 429
    assert forced.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(forced.headers["Retry-After"]) <= 86_400
    assert forced.headers["Retry-After"] == forced.headers["X-RateLimit-Reset"]

    # and it took one call, no more
    answer = sandbox_client.client.get(TASKS, headers=sandbox_client.headers())
    assert int(answer.headers["X-RateLimit-Remaining"]) == int(answer.headers["X-RateLimit-Limit"]) - 2


@pytest.mark.parametrize("setting", ["jobs", "jobs=", "=5", "jobs=-1", "jobs=5,x=many"])
def test_a_setting_that_cannot_be_read_is_named(setting):
    with pytest.raises(ValueError, match="JOBMETER_RATE_LIMITS"):
        read_rate_limits(setting)


def test_an_empty_setting_changes_nothing():
    assert read_rate_limits(" , ") == {}


async def test_a_database_that_is_gone_does_not_keep_a_process_from_stopping(
    database_url, database, application_id
):
    (process,) = make_processes(database, 10_000, 1)
    await take_all(process, application_id, tries=1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE call_counters RENAME TO gone")
    await process.close()
