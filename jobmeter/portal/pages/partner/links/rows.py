"""Owns reading all rows of a list for a file: chunk by chunk, in the share that exports have."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from jobmeter.database.connection import Connection
from jobmeter.exports.model import Table
from jobmeter.portal.frame.visit import Visit

CHUNK_ROWS = 1_000
RowT = TypeVar("RowT")


async def read_tables(
    visit: Visit,
    read: Callable[[Connection, RowT | None], Awaitable[Sequence[RowT]]],
    make_row: Callable[[RowT], Sequence[object]],
) -> AsyncIterator[Table]:
    """``read`` returns the next ``CHUNK_ROWS`` rows after one, or the first; fewer are the last."""
    last: RowT | None = None
    while True:
        async with visit.app.export_shares.take_turn(), visit.app.database.connection() as connection:
            found = await read(connection, last)
        if found:
            rows = [make_row(one) for one in found]
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            yield Table(columns, [str(row[0]) for row in rows])
        if len(found) < CHUNK_ROWS:
            return
        last = found[-1]
