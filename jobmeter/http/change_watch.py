"""Owns waiting for changes of the promotion feed: all long polls of a process share one cheap query.

Does not own the feed (``jobmeter.promotion``).
"""

import asyncio
from contextvars import Context

import psycopg

from jobmeter.database.pool import Database
from jobmeter.promotion import flow as delivery

POLL_SECONDS = 0.1


class ChangeWatch:
    """Polls the last change number while at least one request waits, and not otherwise."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = 0
        self._waiting = 0
        self._changed = asyncio.Condition()
        self._is_over = False
        self._poller: asyncio.Task[None] | None = None

    async def wait(self, after: int, *, seconds: float) -> None:
        """Returns when the feed is past ``after``, after ``seconds``, or when the process stops."""
        if self._is_over:
            return
        self._waiting += 1
        if self._poller is None or self._poller.done():
            self._poller = asyncio.get_running_loop().create_task(
                self._poll(),
                context=Context(),  # it is of all requests that wait
            )
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._is_over or self._last > after)
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    async def _poll(self) -> None:
        while self._waiting and not self._is_over:
            try:
                async with self._database.connection() as connection:
                    last = await delivery.read_last_number(connection)
            except psycopg.Error as error:
                self._database.outage.report(error)
                last = self._last
            if last > self._last:
                async with self._changed:
                    self._last = last
                    self._changed.notify_all()
            await asyncio.sleep(POLL_SECONDS)
        async with self._changed:
            self._changed.notify_all()

    def release(self) -> None:
        """Ends all waiting: followers receive the changes so far and reconnect to another process."""
        self._is_over = True

    async def close(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
