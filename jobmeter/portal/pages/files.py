"""Owns how the rows of a page are downloaded: the same rows at the same address, in a format that the path ends with."""

import hashlib
from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.exports.model import Column, ExportFormat, Table
from jobmeter.http.responses import RowsToSend, send_rows
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.visit import Visit

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


async def list_tables(*tables: Table) -> AsyncIterator[Table]:
    """Yields tables that are read already."""
    for table in tables:
        yield table
