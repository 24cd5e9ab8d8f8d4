"""The movable clock loses no time: it runs on while a move carries out what falls due, and never goes back."""

import asyncio
from datetime import timedelta

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.sandbox.clock import SandboxClock
from tests.support.scenario import set_up

STEP = timedelta(hours=30)
EXACT = timedelta(milliseconds=20)


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
