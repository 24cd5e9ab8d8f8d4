"""The background loop: an unexpected failure does not end any of its tasks."""

import asyncio
import contextlib
from datetime import datetime

import pytest

from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.worker.loop import run_loop
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
