"""The background loop: an unexpected failure does not end any of its tasks."""

import asyncio
import contextlib
from datetime import datetime

import pytest

from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.worker import chores
from jobmeter.worker.loop import Loop, find_pause, run_loop
from jobmeter.worker.model import Chore, Occasion, Queue
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


async def test_a_task_whose_cancellation_was_lost_ends_after_its_turn(database_url: str) -> None:
    """The pool of connections loses one that arrives together with a connection: the server then never ended."""
    database = await Database.open(database_url, connections_max=1)

    async def read_clock() -> datetime:
        return START

    begun = asyncio.Event()

    async def turn(_: datetime) -> bool:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return False

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
