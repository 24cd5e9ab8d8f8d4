"""Owns how many batches a process records at once, how many exports it sends, and how many may wait; further ones are refused.

Does not own what a batch (``jobmeter.metering``) or an export (``jobmeter.exports``) is.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

EXPORTS_OF_PARTNER_MAX = 4  # at once, in a process
POOL_PART = 4  # exports use at most a quarter of the connections


class OverloadedError(Exception):
    """Too many batches are waiting; the sender should retry later."""


class AdmissionControl:
    """Limits concurrent batches, to bound memory and to leave connections of the pool to other requests."""

    def __init__(self, *, at_once: int, waiting_max: int) -> None:
        self._turns = asyncio.Semaphore(max(at_once, 1))
        self._waiting_max = waiting_max
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many batches wait for a slot."""
        return self._waiting

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Waits for a free slot. Raises ``OverloadedError`` at once if too many batches are waiting already."""
        if self._turns.locked() and self._waiting >= self._waiting_max:
            raise OverloadedError
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


class ExportShares:
    """Limits how many exports a partner runs at once, and how many connections all exports use for the page being read.

    Pages take turns, so that one partner's long exports do not hold up another's.
    """

    def __init__(self, *, connections_max: int) -> None:
        self._turns = asyncio.Semaphore(max(connections_max // POOL_PART, 1))
        self._running: Counter[int] = Counter()
        self._making: dict[str, asyncio.Task[Path]] = {}

    async def make_once(
        self, key: str, make: Callable[[], Coroutine[Any, Any, Path]], *, seconds_max: float
    ) -> Path:
        """Makes a file, once for all who ask for it meanwhile. Raises ``TimeoutError`` if it takes longer; it continues."""
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(make())
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.wait_for(asyncio.shield(task), seconds_max)

    def _end(self, key: str, task: asyncio.Task[Path]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # those who still wait receive it

    @contextmanager
    def enter(self, partner_id: int) -> Iterator[None]:
        """Counts an export until the block ends. Raises ``OverloadedError`` if the partner runs too many already."""
        if self._running[partner_id] >= EXPORTS_OF_PARTNER_MAX:
            raise OverloadedError
        self._running[partner_id] += 1
        try:
            yield
        finally:
            self._running -= Counter({partner_id: 1})

    @asynccontextmanager
    async def take_turn(self) -> AsyncIterator[None]:
        """Waits until a page may be read."""
        async with self._turns:
            yield
