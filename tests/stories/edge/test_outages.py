"""During a database outage each protocol returns 503 with Retry-After, logs few lines and needs no restart."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import psycopg
import pytest
from psycopg.errors import DeadlockDetected
from psycopg_pool import PoolTimeout

from jobmeter.app import create_app, open_state
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault
from jobmeter.base.settings import Settings
from jobmeter.database.outages import Outage, is_outage
from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.support.databases.outage import allow

EVENTS, OPERATOR = {"Authorization": "Bearer e"}, {"Authorization": "Bearer o"}


async def make_partner(database_url):
    async with Database.opened(database_url, connections_max=1) as database:
        return await seed.make_partner(database, now=read_machine_clock())


async def send_all(client, partner, token):
    """Sends a request of each protocol and returns the responses."""
    keys = {name: partner["child"][name] for name in ("client_id", "client_secret")}
    bearer = {"Authorization": f"Bearer {token}"}
    rest = bearer | {"LinkedIn-Version": "202504", "X-RestLi-Protocol-Version": "2.0.0"}
    budget = f"/rest/partnerBudgetReports?partnerContractId={partner['partner_contract_id']}"
    form = {"grant_type": "client_credentials", **keys}
    asked = {
        "oauth": client.post("/oauth/v2/accessToken", data=form),
        "rest": client.get(budget, headers=rest),
        "rest 1.0": client.get(
            "/v2/jobPostingStatus?ids=a", headers=bearer | {"X-RestLi-Protocol-Version": "1.0.0"}
        ),
        "xml": client.get("/v1/jobs/partner-job-id=a", headers=bearer),
        "xml in json": client.get("/v1/jobs/partner-job-id=a?format=json", headers=bearer),
        "events": client.post("/events", json=[], headers=EVENTS),
        "events once": client.post("/events", json=[], headers=EVENTS | {"Idempotency-Key": "k"}),
        "snapshot": client.get("/delivery/snapshot", headers=EVENTS),
        "operator": client.get("/operator/settlementRules", headers=OPERATOR),
        "partner once": client.post("/partner/webhooks", json={}, headers=bearer | {"Idempotency-Key": "k"}),
        "health": client.get("/health"),
    }
    return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))


@pytest.mark.long
@pytest.mark.parametrize("sandbox", [pytest.param(False, marks=pytest.mark.slow), True])  # the pools wait
async def test_each_protocol_responds_that_the_request_may_be_retried(
    cluster_url, database_url, caplog, sandbox
):
    """In a sandbox the clock is the first thing that cannot be read."""
    keys = {"events_key": "e", "operator_key": "o", "secret_key": "s"}
    settings = Settings(database_url=database_url, sandbox=sandbox, chore_interval_ms=50, **keys)

    with caplog.at_level(logging.WARNING):
        partner = await make_partner(database_url)
        app = create_app(settings)
        async with open_state(settings, wait_seconds=0.5) as state:
            app.state.jobmeter = state
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://board", timeout=60) as client:
                made = await client.post(
                    "/oauth/v2/accessToken",
                    data={"grant_type": "client_credentials"}
                    | {name: partner["child"][name] for name in ("client_id", "client_secret")},
                )
                token = made.json()["access_token"]
                allow(cluster_url, database_url, False)
                caplog.clear()
                await send_all(client, partner, token)  # uses connections that have just been closed
                away = await send_all(client, partner, token)
                logged = [record.getMessage() for record in caplog.records if record.name == "jobmeter"]
                traced = [record for record in caplog.records if record.exc_info]
                allow(cluster_url, database_url, True)
                for _ in range(200):
                    back = await send_all(client, partner, token)
                    if all(answer.status_code < 500 for answer in back.values()):
                        break
                    await asyncio.sleep(0.05)
                for _ in range(200):
                    if "can be used again" in caplog.text:
                        break
                    await asyncio.sleep(0.05)

    assert {name: answer.status_code for name, answer in away.items()} == dict.fromkeys(away, 503)
    assert {name: answer.headers.get("Retry-After") for name, answer in away.items()} == dict.fromkeys(
        away, "1"
    )
    assert away["oauth"].json()["error"] == "temporarily_unavailable"
    assert away["rest"].json()["code"] == "UNAVAILABLE"
    assert away["rest"].headers["X-RestLi-Error-Response"] == "true"
    assert away["rest"].headers["x-li-uuid"]
    assert away["rest 1.0"].headers["X-LinkedIn-Error-Response"] == "true"
    assert "<status>503</status>" in away["xml"].text
    assert away["xml in json"].json()["status"] == 503
    for name in ("events", "events once", "snapshot", "operator", "partner once", "health"):
        assert away[name].json()["code"] == "UNAVAILABLE", name
        assert "the database " in away[name].json()["message"], name
    assert len(logged) == 1, logged
    assert logged[0].startswith("the database cannot be used: ")
    assert traced == []
    assert all(answer.status_code < 500 for answer in back.values())
    assert any("can be used again" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (psycopg.errors.DeadlockDetected(), False),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.UniqueViolation(), False),
        (ValueError(), False),
    ],
)
def test_a_failing_server_is_distinguished_from_a_failing_statement(error, is_one):
    assert is_outage(error) is is_one


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (psycopg.OperationalError("connection to server at 10.0.0.7 refused"), "cannot be reached"),
        (PoolTimeout("no connection after 10 s"), "cannot be reached"),
        (psycopg.errors.AdminShutdown(), "is stopping"),
        (psycopg.errors.CannotConnectNow(), "is starting"),
        (psycopg.errors.CrashShutdown(), "has crashed and is restarting"),
        (psycopg.errors.DiskFull(), "has no disk space left"),
        (psycopg.errors.TooManyConnections(), "has no connection free"),
        (psycopg.errors.InsufficientResources(), "has no resources left"),
        (psycopg.errors.IoError(), "cannot read or write its files"),
        (psycopg.errors.ReadOnlySqlTransaction(), "is read-only"),
        (psycopg.errors.ConnectionFailure(), "cannot be reached"),
    ],
)
async def test_a_refusal_says_what_is_wrong_with_the_database(error, why, database):
    refused = database.refuse(error)
    assert (refused.fault, refused.fault.row.status) == (Fault.UNAVAILABLE, 503)
    assert refused.message == f"The service is temporarily unavailable: the database {why}; please retry"


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()])
async def test_a_failing_statement_is_no_outage_for_the_caller(error, database):
    assert database.refuse(error).fault is Fault.OVERLOADED


async def test_a_pool_whose_connections_are_all_in_use_is_busy_and_not_away(database_url):
    async with Database.opened(database_url, connections_max=1) as database:
        async with database.connection():
            assert database.refuse(PoolTimeout("busy")).fault is Fault.OVERLOADED
        assert database.refuse(PoolTimeout("away")).fault is Fault.UNAVAILABLE


def test_an_outage_is_logged_when_it_begins_once_a_minute_and_when_it_ends(caplog):
    now = 1_000.0
    outage = Outage(read_seconds=lambda: now)
    with caplog.at_level(logging.WARNING):
        outage.end()
        for _ in range(130):
            outage.report(psycopg.OperationalError("connection refused\nIs the server running?"))
            outage.end()  # reads continue to work
            now += 1
        now += 5
        outage.end()
        outage.end()
    assert [record.getMessage() for record in caplog.records] == [
        "the database cannot be used: connection refused (1 requests and chores so far)",
        "the database cannot be used: connection refused (61 requests and chores so far)",
        "the database cannot be used: connection refused (121 requests and chores so far)",
        "the database can be used again, after 135 seconds",
    ]


class WithoutSnapshots(Database):
    """A database that is lost between one statement and the next."""

    def __init__(self, opened):
        self.__dict__.update(opened.__dict__)

    @asynccontextmanager
    async def snapshot(self):
        async with self.connection():
            raise psycopg.errors.AdminShutdown("terminating connection")
        yield


async def test_a_snapshot_that_cannot_begin_is_an_outage_and_no_error(database_url):
    settings = Settings(database_url=database_url, chores=False, events_key="e")
    app = create_app(settings)
    async with open_state(settings) as state:
        app.state.jobmeter = replace(state, database=WithoutSnapshots(state.database))
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://board") as client:
            answer = await client.get("/delivery/snapshot", headers=EVENTS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["code"] == "UNAVAILABLE"


async def test_a_silent_server_is_detected(database_url):
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.connection() as connection,
    ):
        parameters = connection.info.get_parameters()
    assert (parameters["keepalives_idle"], parameters["tcp_user_timeout"], parameters["connect_timeout"]) == (
        "30",
        "60000",
        "10",
    )


@pytest.mark.slow
async def test_the_pool_reconnects_soon_after_an_outage_of_any_length(cluster_url, database_url):
    """Each attempt once doubled the wait for the next, so that reconnecting took as long again as the outage."""

    async with Database.opened(database_url, connections_max=2) as database:
        allow(cluster_url, database_url, False)
        away_until = asyncio.get_running_loop().time() + 20
        while asyncio.get_running_loop().time() < away_until:
            with pytest.raises(psycopg.OperationalError):
                await database.check()
        allow(cluster_url, database_url, True)
        await asyncio.sleep(6)
        await database.check()


def test_a_deadlock_is_not_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(read_seconds=lambda: 0.0)
    outage.report(DeadlockDetected("deadlock detected\nDETAIL: ..."))
    outage.end()
    assert [record.getMessage() for record in caplog.records] == [
        "a request was taken back and may be sent again: deadlock detected"
    ]
