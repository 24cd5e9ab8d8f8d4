"""Owns how many batches a process ingests at once, and how many may wait: the rest are to come back.

Does not own what a batch is (``jobmeter.metering``).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OverloadedError(Exception):
    """More batches wait than the process takes on; the sender should come back."""


class AdmissionControl:
    """Bounds memory and the use of connections: other requests keep some of the pool."""

    def __init__(self, *, at_once: int, waiting_max: int) -> None:
        self._turns = asyncio.Semaphore(max(at_once, 1))
        self._waiting_max = waiting_max
        self._waiting = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Raises ``OverloadedError`` at once where too many wait already."""
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
