"""Owns how the rows of a page are read and downloaded: the same rows at the same address, in a format that the path ends with."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ExportFormat, Table
from jobmeter.http.responses import RowsToSend, send_rows
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.visit import Visit

CHUNK_ROWS = 1_000
RowT = TypeVar("RowT")
_FORMATS = {one.extension: one for one in ExportFormat}


async def send_tables(
    visit: Visit, name: str, columns: Sequence[Column], tables: AsyncIterator[Table]
) -> Response:
    """Sends rows as ``jobmeter-NAME`` in the format of the path's ``{format}``. Raises ``Refused``: ROUTE_UNKNOWN, and as ``send_rows``."""
    request, app, grant = visit.context.request, visit.app, visit.signed_in.grant
    file_format = _FORMATS.get(request.path_params["format"])
    if file_format is None:
        raise Refused(Fault.ROUTE_UNKNOWN)
    asked = (app.settings.database_url, grant.partner_id, visit.context.path, request.url.query)
    rows = RowsToSend(
        partner_id=grant.partner_id or 0,
        tables=tables,
        columns=columns,
        file_format=file_format,
        name=f"jobmeter-{name}",
        key=hashlib.sha256(repr(asked).encode()).hexdigest()[:32],
    )
    folder = app.settings.download_folder
    return await send_rows(request, rows, shares=app.export_shares, folder=folder, headers=NO_STORE)


async def read_tables(
    visit: Visit,
    read: Callable[[Connection, RowT | None], Awaitable[Sequence[RowT]]],
    make_row: Callable[[RowT], Sequence[object]],
) -> AsyncIterator[Table]:
    """Yields all rows of a list. ``read`` returns the next ``CHUNK_ROWS`` after one, or the first; each time with a connection
    of its own, of the share that exports have.
    """
    last: RowT | None = None
    while True:
        async with visit.app.lend_connection() as connection:
            found = await read(connection, last)
        if found:
            rows = [make_row(one) for one in found]
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            yield Table(columns, [str(row[0]) for row in rows])
        if len(found) < CHUNK_ROWS:
            return
        last = found[-1]


async def read_pages(
    visit: Visit, read: Callable[[Connection, UUID], Awaitable[tuple[Table, UUID | None]]], *, first: UUID
) -> AsyncIterator[Table]:
    """Yields the tables of a list that is read by keys: ``read`` returns the rows after one, and the next key; connections as in ``read_tables``."""
    after: UUID | None = first
    while after is not None:
        async with visit.app.lend_connection() as connection:
            table, after = await read(connection, after)
        if len(table):
            yield table


async def list_tables(*tables: Table) -> AsyncIterator[Table]:
    """Yields tables that are read already."""
    for table in tables:
        yield table
