"""Owns what the pages of partners and of customers share about statements: their month, their words, their files."""

import asyncio
from datetime import date
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import month_of, one_year_before
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import CountKind, FileFormat
from jobmeter.billing.model import LineKind
from jobmeter.billing.statements.model import Statement
from jobmeter.http.parameters import read_query_month
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.visit import Visit

FORMATS = {FileFormat.PDF: "PDF", FileFormat.CSV: "CSV", FileFormat.XLSX: "Excel", FileFormat.JSON: "JSON"}
# Of a page and of a file. Those of a PDF are fewer, because somebody waits for its pages.
SHOWN_LINES, LINES_MAX, PDF_LINES_MAX = 100, 100_000, 10_000
LINE_KINDS = {
    LineKind.POSTING: mark("Posting"),
    LineKind.RENEWAL: mark("Renewal"),
    LineKind.CLICKS: mark("Apply clicks"),
    LineKind.CORRECTION: mark("Correction"),
    LineKind.GOODWILL: mark("Goodwill"),
    LineKind.TOP_UP: mark("Top-up"),
    LineKind.REFUND: mark("Refund"),
}
COUNTS = {
    CountKind.POSTINGS: mark("Postings"),
    CountKind.RENEWALS: mark("Renewals"),
    CountKind.CLICKS: mark("Apply clicks charged"),
    CountKind.FREE_CLICKS: mark("Apply clicks free of charge"),
    CountKind.REFUSED_CLICKS: mark("Invalid clicks, not charged"),
    CountKind.BASIC_JOBS: mark("Jobs free of charge"),
    CountKind.SLOTS_USED: mark("Jobs on slots"),
    CountKind.CREDITS_LEFT: mark("Credits left"),
}


def read_month(visit: Visit) -> date:
    """Returns the month that the address asks for, or this one."""
    return read_query_month(visit.context.request) or month_of(visit.context.now)


def list_months(visit: Visit) -> list[date]:
    """Returns the months that can be asked for, the newest first."""
    month, found = month_of(visit.context.now), list[date]()
    first = one_year_before(visit.context.now.date())
    while month >= first:
        found.append(month)
        month = (month.replace(month=month.month - 1)) if month.month > 1 else date(month.year - 1, 12, 1)
    return found


def describe(statement: Statement) -> dict[str, Any]:
    """Returns what pages show of a statement."""
    return {
        "document": statement.document,
        "lines": statement.lines[:SHOWN_LINES],
        "line_count": len(statement.lines),
        "presentation": statement.presentation,
        "line_kinds": LINE_KINDS,
        "counts": COUNTS,
        "formats": FORMATS,
    }


def read_format(visit: Visit) -> FileFormat:
    text = visit.context.request.query_params.get("format", FileFormat.PDF)
    for one in FORMATS:
        if one == text:
            return one
    raise Refused(Fault.PARAMETER_INVALID, name="format")


def count_lines_max(file_format: FileFormat) -> int:
    return PDF_LINES_MAX if file_format is FileFormat.PDF else LINES_MAX


async def send_statement(visit: Visit, statement: Statement, file_format: FileFormat) -> Response:
    """The file is made in a thread, where it does not delay other requests."""
    body = await asyncio.to_thread(
        formats.render,
        statement.document,
        statement.lines,
        file_format,
        presentation=statement.presentation,
        font_folder=visit.app.settings.font_folder,
    )
    name = f"statement-{statement.document.month:%Y-%m}.{file_format.extension}"
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=file_format.media_type, headers=headers)
