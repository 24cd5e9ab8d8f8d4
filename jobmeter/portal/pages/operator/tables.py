"""Owns the rows of the operator's lists as tables of a file: read page by page, by the key of the last row."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from jobmeter.database.connection import Connection
from jobmeter.exports.model import Table
from jobmeter.portal.frame.visit import Visit

CHUNK_ROWS = 1_000
Row = TypeVar("Row")


async def read_tables(
    visit: Visit,
    read: Callable[[Connection, int], Awaitable[Sequence[Row]]],
    *,
    first: int = 0,
    key: Callable[[Row], int],
    make_row: Callable[[Row], Sequence[object]],
) -> AsyncIterator[Table]:
    """Yields all rows. ``read`` returns up to ``CHUNK_ROWS`` of them after a key; each time with a connection of its own, of
    the share that exports have.
    """
    after = first
    while True:
        async with visit.app.export_shares.take_turn(), visit.app.database.connection() as connection:
            found = await read(connection, after)
        if found:
            columns = zip(*map(make_row, found), strict=True)
            yield Table(tuple(list(column) for column in columns), [str(key(one)) for one in found])
        if len(found) < CHUNK_ROWS:
            return
        after = key(found[-1])
