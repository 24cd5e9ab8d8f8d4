"""Owns how many batches a process records at once and how many may wait; further batches are refused for now.

Does not own what a batch is (``jobmeter.metering``).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OverloadedError(Exception):
    """Too many batches are waiting; the sender should retry later."""


class AdmissionControl:
    """Limits concurrent batches, to bound memory and to leave connections of the pool to other requests."""

    def __init__(self, *, at_once: int, waiting_max: int) -> None:
        self._turns = asyncio.Semaphore(max(at_once, 1))
        self._waiting_max = waiting_max
        self._waiting = 0

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
