"""The background loop: an unexpected failure does not end any of its tasks."""

import asyncio
import contextlib
from datetime import datetime

import pytest
from psycopg import AsyncConnection

from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.worker import chores
from jobmeter.worker.loop import IDLE_INTERVALS, Loop, Next, find_pause, run_loop
from jobmeter.worker.model import Chore, Occasion, Queue
from tests.support.databases.locks import until_someone_waits
from tests.support.scenario import START

FAILURES = 30
TASKS = 6


async def test_all_tasks_continue_after_a_failure(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each task logs the failure once, not four times a second."""

    calls = 0

    async def read_clock() -> datetime:
        nonlocal calls
        calls += 1
        if calls <= FAILURES:
            raise KeyError("an unexpected failure")
        return START

    database = await Database.open(database_url, connections_max=4)
    settings = Settings(chore_interval_ms=5)
    tasks = asyncio.create_task(run_loop(database, settings, read_clock=read_clock, wakeup=asyncio.Event()))
    for _ in range(400):
        if tasks.done() or calls > 3 * FAILURES:
            break
        await asyncio.sleep(0.01)
    assert not tasks.done()
    tasks.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tasks
    await database.close()
    assert calls > 3 * FAILURES
    logged = [record for record in caplog.records if "will be tried again" in record.getMessage()]
    assert 1 <= len(logged) <= TASKS


@pytest.mark.parametrize("now", [0.0, 0.1, 0.2, 7.95, 1e6 + 0.123])
def test_tasks_have_their_turns_at_different_times(now: float) -> None:
    """At the same time, each would need a connection of its own."""
    turns = sorted((now + find_pause(now, interval=0.2, share=share / 5)) % 0.2 for share in range(5))
    assert turns == pytest.approx([0, 0.04, 0.08, 0.12, 0.16], abs=1e-6) or turns == pytest.approx(
        [0.04, 0.08, 0.12, 0.16, 0.2], abs=1e-6
    )
    assert all(0 < find_pause(now, interval=0.2, share=share / 5) <= 0.2 for share in range(5))


async def test_a_task_pauses_for_longer_while_it_finds_nothing(database_url: str) -> None:
    """What it fails at is tried again as soon as what it did."""
    turns = iter((Next.IDLE, Next.AT_ONCE, Next.SOON, None, Next.IDLE))
    pauses: list[int] = []

    async def read_clock() -> datetime:
        return START

    async def turn(_: datetime) -> Next:
        following = next(turns)
        if following is None:
            raise KeyError("a failure")
        return following

    async def pause(intervals: int) -> None:
        pauses.append(intervals)
        if len(pauses) == 4:
            raise asyncio.CancelledError

    database = await Database.open(database_url, connections_max=1)
    with pytest.raises(asyncio.CancelledError):
        await Loop(database, Settings(), read_clock).repeat(turn, failure="a turn failed", pause=pause)
    await database.close()
    assert pauses == [IDLE_INTERVALS, 1, 1, IDLE_INTERVALS]


async def test_queues_without_work_find_none(database_url: str) -> None:
    """A chore that always found some would keep its task from pausing for longer."""
    async with Database.opened(database_url, connections_max=1) as database:
        await chores.run_due(database, Settings(), now=START)
        for run in (chores.run_interactive, chores.run_settlement, chores.run_documents):
            assert await run(database, Settings(), now=START) == 0, run.__name__


async def test_what_comes_during_a_turn_has_the_next_at_once(database_url: str) -> None:
    """It may have come after the turn has looked for it, and would wait for some intervals."""
    wakeup, is_followed, turns = asyncio.Event(), asyncio.Event(), 0

    async def read_clock() -> datetime:
        nonlocal turns
        turns += 1
        if turns > 1:  # no other task has had its first turn yet
            is_followed.set()
        return START

    async with (
        Database.opened(database_url, connections_max=2) as database,
        await AsyncConnection.connect(database_url) as holder,
    ):
        await holder.execute("LOCK TABLE job_notes")
        settings = Settings(chore_interval_ms=600_000)
        loop = asyncio.create_task(run_loop(database, settings, read_clock=read_clock, wakeup=wakeup))
        await until_someone_waits(database)
        wakeup.set()
        await holder.commit()
        await asyncio.wait_for(is_followed.wait(), timeout=60)
        loop.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop


async def test_a_task_whose_cancellation_was_lost_ends_after_its_turn(database_url: str) -> None:
    """The pool of connections loses one that arrives together with a connection: the server then never ended."""
    database = await Database.open(database_url, connections_max=1)

    async def read_clock() -> datetime:
        return START

    begun = asyncio.Event()

    async def turn(_: datetime) -> Next:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return Next.SOON

    loop = Loop(database, Settings(), read_clock)
    task = asyncio.create_task(loop.repeat(turn, failure="a turn failed", pause=loop.sleep))
    await begun.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=30)
    await database.close()
    assert done
    assert task.cancelled()


async def test_a_queue_whose_cancellation_was_lost_ends_before_its_next_chore(database_url: str) -> None:
    """A stopping server waited for all sweeps of the minute."""
    database = await Database.open(database_url, connections_max=1)
    begun, chores_run = asyncio.Event(), []

    async def wait(_: Connection, __: Occasion, ___: int) -> int:
        chores_run.append("waits")
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return 1

    async def follow(_: Connection, __: Occasion, ___: int) -> int:
        chores_run.append("follows")
        return 0

    queue = [Chore(run.__name__, Queue.SWEEP, run) for run in (wait, follow)]
    occasion = Occasion(Settings(), START)
    task = asyncio.create_task(chores.drain(database, queue, occasion))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task], timeout=30)
    await database.close()
    assert task.cancelled()
    assert chores_run == ["waits"]


async def test_the_loop_ends_after_all_of_its_tasks(database_url: str) -> None:
    """One that outlived it would use a database that is closed."""
    database = await Database.open(database_url, connections_max=4)
    waiting, ended = 0, 0
    all_wait = asyncio.Event()

    async def read_clock() -> datetime:
        nonlocal waiting, ended
        number = waiting
        waiting += 1
        if waiting == TASKS:
            all_wait.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(number / 20)  # one after the other
            ended += 1
        return START

    loop = asyncio.create_task(run_loop(database, Settings(), read_clock=read_clock, wakeup=asyncio.Event()))
    await all_wait.wait()
    loop.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loop
    await database.close()
    assert ended == TASKS
