"""``GET /partner/exports/{kind}``: any range of days of one kind of rows, as CSV, JSON Lines, Excel or Parquet.

Does not own the rows (``jobmeter.exports``). Text is sent while it is read; the other formats are complete files.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import read_moment
from jobmeter.exports.files import flow as files
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import ExportFormat, ExportKind, ExportQuery
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import read_query_day, read_query_id
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import RowsToSend, send_rows

FILTERS = ("partnerContractId", "applicationId", "externalJobPostingId")
JOBS_NAMED_MAX = 100

SUMMARIES = {
    ExportKind.JOB_REPORTS: "Export the job reports: views, apply clicks and charge of each job and day",
    ExportKind.BUDGET: "Export what each customer used of each contract",
    ExportKind.CHARGES: "Export charges of clicks and their corrections",
    ExportKind.CLICKS_NOT_CHARGED: "Export each click that was not charged, with the filter and the reason",
    ExportKind.INVOICES: "Export the list of invoices and credit notes with their amounts",
    ExportKind.EVENTS: "Export single views and clicks with their verdicts",
}


async def export_rows(context: RequestContext) -> Response:
    """``from`` and ``to`` (days), ``format`` (csv, jsonl, xlsx, parquet) or ``Accept``, ``timezone``, filters; ``cursor`` continues.

    ``asOf`` repeats job reports as they were at an earlier moment.
    """
    file_format, zone, query = choose_format(context.request), read_zone(context.request), read_query(context)
    app = context.app
    async with app.database.connection() as connection:
        scope = await kinds.find_scope(connection, query)
    sources = kinds.make_sources(app.lend_connection, app.job_lists)
    rows = RowsToSend(
        partner_id=context.application.partner_id,
        tables=kinds.read_tables(sources, query, scope),
        columns=kinds.KINDS[query.kind].columns,
        file_format=file_format,
        name=f"{query.kind.value}-{query.first}-{query.last}",
        key=files.name_content(query, file_format, zone, installation=app.settings.database_url),
        zone=zone,
        has_header=not query.after,
    )
    folder = app.settings.download_folder
    return await send_rows(
        context.request, rows, shares=app.export_shares, folder=folder, headers={"Vary": "Accept"}
    )


def read_query(context: RequestContext) -> ExportQuery:
    """Raises ``Refused``: PARAMETER_INVALID, and those of ``kinds.choose_days``."""
    request, kind = context.request, ExportKind(context.path.rpartition("/")[2])
    as_of = _read_moment(request, kind)
    first, last = kinds.choose_days(
        kind,
        _read_day(request, "from"),
        _read_day(request, "to"),
        now=context.now,
        kept_days=context.app.settings.report_retention_days,
        as_of=as_of,
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
        as_of=as_of,
    )


def _read_moment(request: Request, kind: ExportKind) -> datetime | None:
    """Only job reports can be repeated as they were at an earlier moment."""
    text = request.query_params.get("asOf")
    if not text:
        return None
    moment = read_moment(text)
    if moment is None or kind is not ExportKind.JOB_REPORTS:
        raise Refused(Fault.PARAMETER_INVALID, name="asOf")
    return moment


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


EXPORTS: tuple[PlainEndpoint, ...] = tuple(
    Endpoint(
        "GET",
        f"/partner/exports/{kind.value}",
        export_rows,
        audience=Audience.PARTNER,
        quota="partner",
        media=ExportFormat.CSV.media_type,
        reply="Rows",
        parameters=(
            "from",
            "to",
            "format",
            "timezone",
            *FILTERS,
            *(("asOf",) if kind is ExportKind.JOB_REPORTS else ()),
            "cursor",
        ),
        may_be_stale=True,
        other_media=tuple(one.media_type for one in ExportFormat if one is not ExportFormat.CSV),
        summary=summary,
    )
    for kind, summary in SUMMARIES.items()
)
