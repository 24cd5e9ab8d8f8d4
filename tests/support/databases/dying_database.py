"""Owns a database whose process can die at any commit point: what is committed stays, nothing after it runs.

Does not own any expectation.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database


class Died(BaseException):
    """The end of the process: nothing after it runs, not even error handlers."""


class DyingDatabase(Database):
    """Counts its commit points: one before and one after each commit. ``die_at`` is the one at which the process dies."""

    points = 0
    die_at: int | None = None
    is_dead = False

    def restart(self, *, die_at: int | None = None) -> None:
        self.points, self.die_at, self.is_dead = 0, die_at, False

    def _reach_point(self) -> None:
        if self.is_dead or self.points == self.die_at:
            self.is_dead = True
            raise Died
        self.points += 1

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Each statement commits by itself; the points are before the first and after the last."""
        self._reach_point()
        async with super().connection() as connection:
            yield connection
        self._reach_point()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        if self.is_dead:
            raise Died
        async with super().connection() as connection, connection.transaction():
            yield connection
            self._reach_point()
        self._reach_point()
