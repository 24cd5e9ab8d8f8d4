"""Owns what a sandbox offers to its pages: moves of the clock that continue after the answer, traffic with its score, verdicts.

Does not own any of them (``clock``, ``traffic``, ``jobmeter.certification``).
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from jobmeter.database.pool import Database
from jobmeter.request_control.model import Request
from jobmeter.request_log.model import LoggedRequest
from jobmeter.sandbox.clock import SandboxClock
from jobmeter.sandbox.traffic import live
from jobmeter.sandbox_controls.model import Assessment, Score

WAIT_SECONDS = 1.5  # a page is not kept waiting longer: it shows how far the clock is

log = logging.getLogger("jobmeter")

Assess = Callable[[Sequence[LoggedRequest], bool], list[Assessment]]


class SandboxDesk:
    """Of one process. ``assess`` is the judge of the certification."""

    def __init__(
        self, database: Database, clock: SandboxClock, assess: Assess, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock
        self._assess = assess
        self._wait_seconds = wait_seconds
        self._moves: set[asyncio.Task[Any]] = set()

    async def move_by(self, span: timedelta, *, repeatable: Request | None) -> bool:
        return await self._wait(self._clock.move_by(span, repeatable=repeatable))

    async def move_to(self, moment: datetime, *, repeatable: Request | None) -> bool:
        return await self._wait(self._clock.move_to(moment, repeatable=repeatable))

    async def set_traffic(self, *, is_on: bool, views_per_job_day: int) -> None:
        now = await self._clock.read()
        async with self._database.transaction() as connection:
            await live.turn(connection, is_on=is_on, views_per_job_day=views_per_job_day, now=now)

    async def score_traffic(self) -> list[Score]:
        async with self._database.snapshot() as connection:
            return await live.score_traffic(connection)

    def assess(self, requests: Sequence[LoggedRequest], *, has_campaigns: bool) -> list[Assessment]:
        return self._assess(requests, has_campaigns)

    async def close(self) -> None:
        """Ends the moves that are in progress: each step is complete, and the next move does what is left."""
        for move in self._moves:
            move.cancel()
        await asyncio.gather(*self._moves, return_exceptions=True)

    async def _wait(self, move: Coroutine[Any, Any, object]) -> bool:
        task = asyncio.create_task(move)
        self._moves.add(task)
        done, _ = await asyncio.wait({task}, timeout=self._wait_seconds)
        if not done:
            task.add_done_callback(self._end)
            return False
        self._moves.discard(task)
        await task
        return True

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._moves.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a move of the clock failed", exc_info=task.exception())
