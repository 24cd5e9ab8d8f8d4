"""``GET /partner/exports/{kind}``: any range of days of one kind of rows, as CSV, JSON Lines, Excel or Parquet.

Does not own the rows (``jobmeter.exports``). Text is sent while it is read; the other formats are complete files.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, date, tzinfo
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.exports.files import flow as files
from jobmeter.exports.formats import flow as formats
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportFormat, ExportKind, ExportQuery, Table
from jobmeter.http.admission import OverloadedError
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import read_query_day, read_query_id
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import ExportResponse, chain_chunks, knows_tag

FILTERS = ("partnerContractId", "applicationId", "externalJobPostingId")
JOBS_NAMED_MAX = 100
MAKING_SECONDS_MAX = (
    45  # a proxy waits for a minute; then the request is sent again, and waits for the same file
)
TEXTS = (ExportFormat.CSV, ExportFormat.JSON_LINES)  # sent while they are read; the others are files

SUMMARIES = {
    ExportKind.JOB_REPORTS: "Export the job reports: views, apply clicks and charge of each job and day",
    ExportKind.BUDGET: "Export what each customer used of each contract",
    ExportKind.CHARGES: "Export charges of clicks and their corrections",
    ExportKind.CLICKS_NOT_CHARGED: "Export each click that was not charged, with the filter and the reason",
    ExportKind.INVOICES: "Export the list of invoices and credit notes with their amounts",
    ExportKind.EVENTS: "Export single views and clicks with their verdicts",
}


async def export_rows(context: RequestContext) -> Response:
    """``from`` and ``to`` (days), ``format`` (csv, jsonl, xlsx, parquet) or ``Accept``, ``timezone``, filters; ``cursor`` continues."""
    file_format, zone, query = choose_format(context.request), read_zone(context.request), read_query(context)
    async with context.app.database.connection() as connection:
        scope = await kinds.find_scope(connection, query)
    headers = {
        "Content-Disposition": f'attachment; filename="{name_file(query, file_format)}"',
        "Vary": "Accept",
    }
    if context.request.method == "HEAD" and file_format in TEXTS:
        return Response(media_type=file_format.media_type, headers=headers)
    sources = kinds.make_sources(partial(lend_connection, context.app), context.app.job_lists)
    tables = kinds.read_tables(sources, query, scope)
    send = send_text if file_format in TEXTS else send_file
    return await send(context, query, tables, file_format=file_format, zone=zone, headers=headers)


async def send_text(
    context: RequestContext,
    query: ExportQuery,
    tables: AsyncIterator[Table],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    headers: dict[str, str],
) -> Response:
    """Sends rows while they are read."""
    columns, has_header = kinds.KINDS[query.kind].columns, not query.after
    chunks = formats.stream_text(tables, columns, file_format=file_format, zone=zone, has_header=has_header)
    async with AsyncExitStack() as held:
        count_export(context, held)
        await held.enter_async_context(aclosing(chunks))
        # Until the response has begun, a failure can be reported as such.
        first = await anext(chunks, b"")
        return ExportResponse(
            chain_chunks(first, chunks), held.pop_all(), media_type=file_format.media_type, headers=headers
        )


async def send_file(
    context: RequestContext,
    query: ExportQuery,
    tables: AsyncIterator[Table],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    headers: dict[str, str],
) -> Response:
    """Sends a complete file, or a range of one that was made before. The ``ETag`` is a hash of its bytes."""
    request, settings = context.request, context.app.settings
    key = files.name_content(query, file_format, zone, installation=settings.database_url)
    path = None
    if "range" in request.headers:
        path = await files.find_file(
            settings.download_folder, key=key, wanted=request.headers.get("if-range", "")
        )
    if path is None:
        make = partial(_make_file, context, query, tables, file_format=file_format, zone=zone, key=key)
        try:
            path = await context.app.export_shares.make_once(key, make, seconds_max=MAKING_SECONDS_MAX)
        except TimeoutError as error:
            document = name_file(query, file_format)
            raise Refused(Fault.FILE_PENDING, format=file_format.extension, document=document) from error
    headers |= {"ETag": files.tag_of(path), "Cache-Control": "private, no-cache"}
    if knows_tag(headers["ETag"], request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=file_format.media_type, headers=headers)


async def _make_file(
    context: RequestContext,
    query: ExportQuery,
    tables: AsyncIterator[Table],
    *,
    file_format: ExportFormat,
    zone: tzinfo,
    key: str,
) -> Path:
    async with AsyncExitStack() as held:
        count_export(context, held)
        return await files.make_file(
            tables,
            kinds.KINDS[query.kind].columns,
            file_format=file_format,
            zone=zone,
            folder=context.app.settings.download_folder,
            key=key,
        )


def count_export(context: RequestContext, held: AsyncExitStack) -> None:
    """Counts the export among those of the partner. Raises ``Refused(OVERLOADED)`` if these are too many."""
    try:
        held.enter_context(context.app.export_shares.enter(context.application.partner_id))
    except OverloadedError as error:
        raise Refused(Fault.OVERLOADED) from error


@asynccontextmanager
async def lend_connection(app: AppContext) -> AsyncIterator[Connection]:
    """A connection for one page, of the share of the pool that exports have."""
    async with app.export_shares.take_turn(), app.database.connection() as connection:
        yield connection


def read_query(context: RequestContext) -> ExportQuery:
    """Raises ``Refused``: PARAMETER_INVALID, and those of ``kinds.choose_days``."""
    request, kind = context.request, ExportKind(context.path.rpartition("/")[2])
    first, last = kinds.choose_days(
        kind,
        _read_day(request, "from"),
        _read_day(request, "to"),
        now=context.now,
        kept_days=context.app.settings.report_retention_days,
    )
    external_ids = tuple(request.query_params.getlist("externalJobPostingId"))
    if len(external_ids) > JOBS_NAMED_MAX:
        raise Refused(Fault.PARAMETER_INVALID, name="externalJobPostingId")
    return ExportQuery(
        kind=kind,
        caller=context.application,
        first=first,
        last=last,
        contract_id=read_query_id(request, "partnerContractId"),
        application_id=read_query_id(request, "applicationId"),
        external_ids=external_ids,
        after=request.query_params.get("cursor", ""),
        now=context.now,
    )


def _read_day(request: Request, name: str) -> date | None:
    """``None`` also for an empty text."""
    return read_query_day(request, name, default=date.min) if request.query_params.get(name) else None


def read_zone(request: Request) -> tzinfo:
    """Reads the time zone in which times are written. Raises ``Refused(PARAMETER_INVALID)``."""
    name = request.query_params.get("timezone")
    if not name or name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, or no name of a file at all
        raise Refused(Fault.PARAMETER_INVALID, name="timezone") from error


def choose_format(request: Request) -> ExportFormat:
    """The parameter decides, else the header; without either it is CSV.

    Raises ``Refused``: PARAMETER_INVALID for an unknown format, NOT_ACCEPTABLE if no accepted one can be sent.
    """
    named = request.query_params.get("format")
    if named:
        for one in ExportFormat:
            if one.extension == named:
                return one
        raise Refused(Fault.PARAMETER_INVALID, name="format")
    accepted = request.headers.get("accept", "")
    found = find_accepted(accepted, [one.media_type for one in ExportFormat])
    if found is None:
        offered = ", ".join(one.media_type for one in ExportFormat)
        raise Refused(Fault.NOT_ACCEPTABLE, accepted=accepted[:200], offered=offered)
    return next(one for one in ExportFormat if one.media_type == found)


def find_accepted(header: str, offered: Sequence[str]) -> str | None:
    """Returns the offered media type that an ``Accept`` header prefers (RFC 9110, 12.5.1); the first, without a header."""
    if not header.strip():
        return offered[0]
    ranges = [_read_range(part) for part in header.split(",") if part.strip()]

    def quality_of(media: str) -> float:
        # The most specific range decides: a media type, then its kind, then everything.
        for text in (media, f"{media.partition('/')[0]}/*", "*/*"):
            for accepted, quality in ranges:
                if accepted == text:
                    return quality
        return 0.0

    best = max(offered, key=quality_of)
    return best if quality_of(best) > 0 else None


def _read_range(text: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0


def name_file(query: ExportQuery, file_format: ExportFormat) -> str:
    return f"{query.kind.value}-{query.first}-{query.last}.{file_format.extension}"


EXPORTS: tuple[PlainEndpoint, ...] = tuple(
    Endpoint(
        "GET",
        f"/partner/exports/{kind.value}",
        export_rows,
        audience=Audience.PARTNER,
        quota="partner",
        media=ExportFormat.CSV.media_type,
        reply="Rows",
        parameters=("from", "to", "format", "timezone", *FILTERS, "cursor"),
        other_media=tuple(one.media_type for one in ExportFormat if one is not ExportFormat.CSV),
        summary=summary,
    )
    for kind, summary in SUMMARIES.items()
)
