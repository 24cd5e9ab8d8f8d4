"""With an ``Idempotency-Key`` every write happens once, at whatever commit point the process dies before the repeat.

The writes are those of the route table: a new one without a request here fails the test.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import LiteralString
from uuid import uuid4

import httpx2
import psycopg
import pytest

from jobmeter.app import create_app, open_state
from jobmeter.base.settings import Settings
from jobmeter.http.endpoints import AnyEndpoint
from jobmeter.sandbox import seed
from jobmeter.sandbox.clock import SandboxClock
from tests.stories.repeats.world import World, Write
from tests.stories.repeats.writes import MAKERS, list_writes
from tests.support.databases.dying_database import Died, DyingDatabase
from tests.support.databases.table_snapshots import list_filled_tables

GROUPS = (
    "/rest",
    "/v2",
    "/v1",
    "/events",
    "/sandbox",
    "/operator/hiringContracts",
    "/operator/billing",
    "/operator/invoices",
    "/operator",
    "/partner",
)
AWAY_MINUTES = 2  # longer than a claim without a response is respected
# How often a write dies, at least: before and after the one commit of claim, work and response.
POINTS_MIN = 2


def group_of(path: str) -> str:
    return next(group for group in GROUPS if path.startswith(group))


@asynccontextmanager
async def open_world(database_url: str) -> AsyncIterator[tuple[World, DyingDatabase]]:
    """No chore runs in the background, so that only the requests change the tables."""
    keys = seed.make_keys()
    settings = Settings(database_url=database_url, sandbox=True, chores=False, **keys)
    app = create_app(settings)
    async with open_state(settings) as state:
        now = await state.clock.read()
        credentials = await seed.make_partner(state.database, now=now, secret_key=keys["secret_key"]) | keys
        dying = await DyingDatabase.open(database_url, connections_max=4)
        app.state.jobmeter = replace(state, database=dying, clock=SandboxClock(dying, settings))
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url="http://board", timeout=60) as client:
            world = World(client, state.database, settings, credentials)
            # In the morning: the clock moves on at each death, and a midnight would end the day of the clicks.
            morning = datetime.combine(now.date() + timedelta(days=1), time(9), UTC)
            await world.call(Write("POST", "/sandbox/clock", world.operator, {"set": morning.isoformat()}))
            world = replace(world, parent_token=await world.make_token(credentials["parent"]))
            yield await make_live_job(world), dying
        await dying.close()


async def make_live_job(world: World) -> World:
    write = await MAKERS["BATCH_CREATE", "/rest/simpleJobPostings"](world, "/rest/simpleJobPostings")
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "9000.00"}}
    await world.call(replace(write, body={"elements": [write.body["elements"][0] | {"budget": budget}]}))
    await world.run_chores()
    return replace(world, job_id=int(await read_one(world, "SELECT job_id FROM job_postings")))


async def make_final_charge(world: World) -> World:
    await world.call(await MAKERS["POST", "/events"](world, "/events"))
    await world.call(Write("POST", "/sandbox/clock", world.operator, {"advance": "4d"}))
    return replace(world, charge=await read_one(world, "SELECT reference FROM charge_postings"))


async def read_one(world: World, statement: LiteralString) -> str:
    async with world.database.connection() as connection:
        row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return str(row[0])


def read_amounts(connection: psycopg.Connection) -> dict[str, int]:
    """Returns the number of rows of each table that ever had one, and the sums of its amounts and counts."""
    tables = list_filled_tables(connection)
    columns = connection.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute"
        " WHERE attrelid = ANY(%s::regclass[]) AND attnum > 0"
        " AND atttypid IN ('bigint'::regtype, 'integer'::regtype, 'smallint'::regtype)"
        " AND attname ~ '(amount|micros|units|attempts|clicks|views|status)' AND attname <> 'clicks_taken'",
        [tables],
    ).fetchall()
    asked = [(name, "count(*)") for name in tables]
    asked += [(name, f"coalesce(sum({column}), 0)") for name, column in columns]
    parts = [f"SELECT '{name} {figure}', {figure} FROM {name}" for name, figure in asked]
    return {name: int(value) for name, value in connection.execute(" UNION ALL ".join(parts)).fetchall()}


def read_clock_minutes(connection: psycopg.Connection) -> dict[str, float]:
    row = connection.execute("SELECT offset_ms FROM sandbox_clock").fetchone()
    return {"minutes": row[0] / 60_000 if row else 0}


class Trial:
    """Sends each write of new objects, lets the process die at a commit point, and repeats it.

    ``connection`` reads what has changed: one for all, since a new one would learn every table again each time.
    """

    def __init__(self, world: World, dying: DyingDatabase, connection: psycopg.Connection) -> None:
        self.world = world
        self.dying = dying
        self.connection = connection
        self.points = 0  # of the first request of the last measurement

    async def measure(self, make, path, *, die_at=None):
        """Returns how the amounts have changed, and the responses: of the first request only if the process survived it."""
        read = read_clock_minutes if path == "/sandbox/clock" else read_amounts
        token = await self.world.make_token(self.world.credentials["parent"])
        self.world = replace(self.world, parent_token=token)
        write, key = await make(self.world, path), uuid4().hex
        before = await asyncio.to_thread(read, self.connection)
        self.dying.restart(die_at=die_at)
        answers = []
        with suppress(Died):
            answers.append(await write.send(self.world.client, key=key))
        self.points = self.dying.points
        self.dying.restart()
        if die_at is not None:
            away_ms = AWAY_MINUTES * 60_000
            await self.world.execute("UPDATE sandbox_clock SET offset_ms = offset_ms + %s", away_ms)
        answers += [await write.send(self.world.client, key=key) for _ in range(2)]
        after = await asyncio.to_thread(read, self.connection)
        # Time that passes meanwhile moves the clock by parts of a minute.
        names = before.keys() | after.keys()
        changes = {name: round(after.get(name, 0) - before.get(name, 0)) for name in names}
        return {name: change for name, change in changes.items() if change}, answers


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
async def test_a_write_happens_once_wherever_the_process_dies(database_url: str, group: str) -> None:
    await die_in_writes(database_url, group, is_everywhere=True)


@pytest.mark.long
@pytest.mark.parametrize("group", GROUPS)
async def test_a_write_happens_once_if_the_process_dies(database_url: str, group: str) -> None:
    """Each write dies once, in turn just before and just after its last commit."""
    await die_in_writes(database_url, group, is_everywhere=False)


async def die_in_writes(database_url: str, group: str, *, is_everywhere: bool) -> None:
    rows = [row for row in list_writes() if group_of(row.path) == group]
    assert rows
    async with open_world(database_url) as (world, dying):
        with psycopg.connect(database_url, autocommit=True) as reading:
            begun = await make_final_charge(world) if group == "/operator" else world
            deaths = await die_in_each(rows, Trial(begun, dying, reading), is_everywhere=is_everywhere)
        if group == "/rest":
            await world.run_chores()
            async with world.database.connection() as connection:
                found = await connection.execute("SELECT DISTINCT status FROM job_tasks")
                assert [status for (status,) in await found.fetchall()] == ["SUCCEEDED"]
    print(f"{group}: {len(rows)} writes, {deaths} deaths")  # noqa: T201 -- shown with -s


async def die_in_each(rows: list[AnyEndpoint], trial: Trial, *, is_everywhere: bool) -> int:
    """Returns how often a process died."""
    deaths = 0
    for number, row in enumerate(rows):
        make = MAKERS[row.method, row.path]
        if row.verb == "PUT" or row.is_unique:  # what is set again needs no further row
            await trial.measure(make, row.path)
        expected, answers = await trial.measure(make, row.path)
        assert [answer.is_success for answer in answers] == [True] * 3, (row.path, answers[0].text)
        last = trial.points - 1 - number % POINTS_MIN
        for point in itertools.count() if is_everywhere else (last,):
            changed, (*survived, first, again) = await trial.measure(make, row.path, die_at=point)
            if survived:  # there are no more commit points
                assert is_everywhere, row
                assert point >= POINTS_MIN, row
                break
            if row.path == "/sandbox/clock" and 60 < changed.get("minutes", 0) <= 60 + AWAY_MINUTES:
                # It died before it had decided how far to move; less than all of it if the move took long.
                changed = expected
            assert changed == expected, (row.method, row.path, point, first.text)
            assert first.status_code == answers[0].status_code, (row.path, point, first.text)
            assert again.content == first.content
            assert again.headers["Idempotency-Replayed"] == "true"
            deaths += 1
    return deaths


def test_every_write_of_the_route_table_is_here():
    assert {(row.method, row.path) for row in list_writes()} == set(MAKERS)
    assert {row.path for row in list_writes() if row.is_unique} == {"/events", "/sandbox/clock"}
