"""The movable clock loses no time: it runs on while a move carries out what falls due, and never goes back."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.request_control.model import Request
from jobmeter.sandbox.clock import SandboxClock
from tests.support.scenario import set_up

STEP = timedelta(hours=30)
EXACT = timedelta(milliseconds=20)
# As on a full disk.
REFUSE_TABLES = """
CREATE FUNCTION refuse_tables() RETURNS event_trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE 'no space left' USING ERRCODE = 'disk_full'; END$$;
CREATE EVENT TRIGGER refuse_tables ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse_tables();
"""


async def read_lead(clock: SandboxClock) -> timedelta:
    before = read_machine_clock()
    shown = await clock.read()
    assert shown >= before
    return shown - read_machine_clock()


async def test_an_advance_adds_its_span_whatever_it_takes(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=3) as database:
        await set_up(database, 10**9, begins=read_machine_clock())
        clock = SandboxClock(database, Settings(database_url=database_url, sandbox=True))
        began = await read_lead(clock)
        for _ in range(5):
            await clock.move_by(STEP)
        assert abs(await read_lead(clock) - began - 5 * STEP) < EXACT


async def test_moves_at_once_never_turn_the_clock_back(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=4) as database:
        await set_up(database, 10**9, begins=read_machine_clock())
        clock = SandboxClock(database, Settings(database_url=database_url, sandbox=True))
        shown = [await clock.read()]
        moves = [asyncio.create_task(clock.move_by(timedelta(hours=hours))) for hours in (1, 30, 5)]
        while not all(move.done() for move in moves):
            shown.append(await clock.read())
        await asyncio.gather(*moves)
        shown.append(await clock.read())
        assert shown == sorted(shown)
        assert shown[-1] - shown[0] >= timedelta(hours=30)


async def test_a_move_that_was_interrupted_on_a_later_day_is_continued(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=3) as database:
        await set_up(database, 10**9, begins=read_machine_clock())
        clock = SandboxClock(database, Settings(database_url=database_url, sandbox=True))
        request, span = (
            Request(sender="a", method="POST", path="/sandbox/clock", key="b", body=b""),
            timedelta(days=7),
        )
        began, lead = await clock.read(), await read_lead(clock)
        for days in (2, 4):
            move = asyncio.create_task(clock.move_by(span, repeatable=request))
            while await clock.read() - began < timedelta(days=days):
                assert not move.done()
            move.cancel()
            await asyncio.wait([move])
        await clock.move_by(span, repeatable=request)
        # What it took before its last part is not added.
        assert span - timedelta(minutes=2) < await read_lead(clock) - lead < span


async def test_a_day_whose_events_cannot_be_stored_is_not_shown(database_url: str) -> None:
    async with Database.opened(database_url, connections_max=3) as database:
        await set_up(database, 10**9, begins=read_machine_clock())
        clock = SandboxClock(database, Settings(database_url=database_url, sandbox=True))
        before = await clock.read()
        with psycopg.connect(database_url) as connection:
            connection.execute(REFUSE_TABLES)
        for _ in range(4):  # a client repeats what failed
            with pytest.raises(psycopg.OperationalError):
                await clock.move_by(timedelta(days=1))
        assert await clock.read() - before < timedelta(hours=1)
