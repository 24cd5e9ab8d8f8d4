"""Owns tables of the programme as files: CSV that is sent while its rows are read, page by page."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response, StreamingResponse

from jobmeter.base.days import day_of
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.visit import Visit
from jobmeter.wire.csv_cells import guard_cell

Row = Sequence[object]


def send_table(visit: Visit, name: str, columns: Sequence[str], pages: AsyncIterator[list[Row]]) -> Response:
    """Returns the rows as a file. Text that a spreadsheet would run is quoted."""
    file_name = f"jobmeter-{name}-{day_of(visit.context.now).isoformat()}.csv"
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(_write(columns, pages), media_type="text/csv", headers=headers)


async def _write(columns: Sequence[str], pages: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    yield _write_lines([columns])
    async for rows in pages:
        yield _write_lines(rows)


def _write_lines(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([guard_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode()
