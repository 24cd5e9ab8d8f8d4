"""``/operator/feeds`` and ``/partner/feeds/{id}/report``: list, show and register job feeds, request a run, read runs and reports."""

from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.web_url import WEB_SCHEMES, check_url
from jobmeter.geo.gazetteer import find_country
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_id
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.jobs.feeds import flow as feeds
from jobmeter.jobs.feeds.model import FILE_SCHEME, Feed, FeedReport, FeedRun
from jobmeter.partners.applications import flow as partners
from jobmeter.wire.xml.feed.requirements import FeedDefaults

ERRORS_SHOWN_MAX = 1_000
DIGITS_MAX = 9

ShortText = Annotated[str, StringConstraints(max_length=255)]
Location = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[^\x00-\x20]*$")]


class DefaultsBody(OperatorBody):
    """What holds for the feed's jobs that do not say otherwise. ``{id}`` in the pattern is the job's id."""

    company_name: ShortText = ""
    company_id: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    country: ShortText = ""
    location: ShortText = ""
    poster_email: ShortText = ""
    apply_url_pattern: Annotated[
        str, StringConstraints(max_length=2_000, pattern=r"^$|^https?://.*\{id\}")
    ] = ""
    dates_day_first: bool | None = None
    is_complete: bool | None = None


class FeedBody(OperatorBody):
    """Either ``url`` or ``path``, a file on the server; without an interval the feed is read on request only."""

    application_id: Annotated[int, Field(gt=0, lt=2**63)]
    url: Location | None = None
    path: Location | None = None
    interval_minutes: Annotated[int, Field(gt=0, le=10_080)] | None = None
    defaults: DefaultsBody | None = None


class RunBody(OperatorBody):
    may_close_all: bool = False


async def register_feed(context: RequestContext, body: FeedBody) -> Response:
    """Registering the same location again only sets the interval and the defaults. The first run starts at once."""
    location = read_location(body, is_sandbox=context.app.settings.sandbox)
    async with context.app.database.transaction() as connection:
        application = await partners.find_application(connection, application_id=body.application_id)
        if application is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=body.application_id)
        known = await feeds.find_feed_at(connection, application=application, location=location)
        feed = await feeds.register_feed(
            connection,
            application=application,
            location=location,
            interval_minutes=body.interval_minutes,
            now=context.now,
            defaults=read_defaults(body.defaults),
        )
        await context.record(
            connection,
            Action.FEED_REGISTER,
            feed.id,
            partner_id=application.partner_id,
            before={} if known is None else serialize_feed(known),
            after=serialize_feed(feed),
        )
    context.app.wake_worker()
    return json_response(serialize_feed(feed), status=201)


def read_defaults(body: DefaultsBody | None) -> FeedDefaults | None:
    """Raises ``Refused(OPERATOR_INPUT)``."""
    if body is None:
        return None
    if body.country and not find_country(body.country):
        raise Refused(Fault.OPERATOR_INPUT, field="defaults.country", why="is not a known country")
    if body.poster_email and check_email(body.poster_email):
        raise Refused(Fault.OPERATOR_INPUT, field="defaults.posterEmail", why="is not an e-mail address")
    return FeedDefaults(**body.model_dump() | {"country": find_country(body.country) if body.country else ""})


def read_location(body: FeedBody, *, is_sandbox: bool) -> str:
    """Raises ``Refused(OPERATOR_INPUT)``."""
    if (body.url is None) == (body.path is None):
        raise Refused(Fault.OPERATOR_INPUT, field="url, path", why="give exactly one of them")
    if body.path is not None:
        if not PurePosixPath(body.path).is_absolute():
            raise Refused(Fault.OPERATOR_INPUT, field="path", why="must be absolute")
        return PurePosixPath(body.path).as_uri()
    assert body.url is not None, "one of them is given"
    if check_url(body.url, schemes=WEB_SCHEMES if is_sandbox else ("https",)):
        raise Refused(Fault.OPERATOR_INPUT, field="url", why="must be an https URL without a user name")
    return body.url


async def list_feeds(context: RequestContext) -> Response:
    """In the order of their ids; ``applicationId`` selects those of one application."""
    page, application_id = read_page(context.request), read_query_id(context.request, "applicationId")
    async with context.app.database.connection() as connection:
        found = await feeds.list_feeds(
            connection, after=page.after, rows_max=page.rows_max + 1, application_id=application_id
        )
    return page_response(found, page, serialize=serialize_feed, key=lambda one: one.id)


async def show_feed(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        feed = await feeds.find_feed(connection, feed_id=read_id(context.request))
    return json_response(serialize_feed(feed))


async def list_runs(context: RequestContext) -> Response:
    """The runs of a feed in the order of their numbers; the report has the errors of the last one."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        feed = await feeds.find_feed(connection, feed_id=read_id(context.request))
        found = await feeds.list_runs(connection, feed=feed, after=page.after, rows_max=page.rows_max + 1)
    return page_response(
        found,
        page,
        serialize=lambda run: {"number": run.number} | serialize_run(run),
        key=lambda run: run.number,
    )


async def run_feed(context: RequestContext, body: RunBody) -> Response:
    """The worker reads the feed in its next round; ``mayCloseAll`` lifts the safety stop until a run succeeds."""
    async with context.app.database.transaction() as connection:
        feed = await feeds.find_feed(connection, feed_id=read_id(context.request))
        await feeds.request_run(connection, feed=feed, may_close_all=body.may_close_all, now=context.now)
        application = await partners.find_application(connection, application_id=feed.application_id)
        await context.record(
            connection,
            Action.FEED_RUN,
            feed.id,
            partner_id=None if application is None else application.partner_id,
            after={"mayCloseAll": body.may_close_all},
        )
    context.app.wake_worker()
    return json_response(serialize_feed(feed), status=202)


async def show_report(context: RequestContext) -> Response:
    """``?after=`` continues the list of errors."""
    async with context.app.database.connection() as connection:
        feed = await feeds.find_feed(connection, feed_id=read_id(context.request))
        report = await feeds.read_report(
            connection, feed=feed, after=read_after(context.request), rows_max=ERRORS_SHOWN_MAX
        )
    return json_response(serialize_feed(feed) | serialize_report(report))


async def show_own_report(context: RequestContext) -> Response:
    """The same report for the application that owns the feed; to others the feed does not exist."""
    async with context.app.database.connection() as connection:
        feed = await feeds.find_feed(connection, feed_id=read_id(context.request))
        if feed.application_id != context.application.id:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="feed", key=feed.id)
        report = await feeds.read_report(
            connection, feed=feed, after=read_after(context.request), rows_max=ERRORS_SHOWN_MAX
        )
    return json_response({"id": feed.id} | serialize_report(report))


def read_id(request: Request) -> int:
    feed_id: int = request.path_params["feed_id"]
    if feed_id >= 2**31:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="feed", key=feed_id)
    return feed_id


def read_after(request: Request) -> int:
    text = request.query_params.get("after", "")
    if not text:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name="after")
    return int(text)


def serialize_feed(feed: Feed) -> dict[str, Any]:
    is_file = feed.location.startswith(FILE_SCHEME)
    return {
        "id": feed.id,
        "application": f"{URN_APPLICATION}{feed.application_id}",
        "path" if is_file else "url": feed.location.removeprefix(FILE_SCHEME),
        "intervalMinutes": feed.interval_minutes,
        "dueAt": format_time(feed.due_at),
        "defaults": {
            to_camel(name): value for name, value in asdict(feed.defaults).items() if value not in ("", None)
        },
    }


def serialize_run(run: FeedRun) -> dict[str, Any]:
    return {
        "startedAt": run.started_at.isoformat(),
        "outcome": run.outcome,
        "message": run.message,
        "jobs": run.jobs,
        "expectedJobCount": run.expected_job_count,
        "created": run.created,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "failed": run.failed,
        "closed": run.closed,
        "heldBack": run.held_back,
        "warned": run.warned,
        "shape": run.shape,
        "notes": list(run.notes),
    }


def serialize_report(report: FeedReport) -> dict[str, Any]:
    shown = None if report.run is None else serialize_run(report.run)
    errors = [
        {
            "position": error.index,
            "partnerJobId": error.partner_job_id,
            "title": error.title,
            "severity": "ERROR" if error.is_error else "WARNING",
            "path": error.path,
            "message": error.why,
            "flaws": [
                {"path": flaw.path, "found": flaw.found, "why": flaw.why, "isError": flaw.is_error}
                for flaw in error.flaws
            ],
        }
        for error in report.errors
    ]
    is_full = len(errors) == ERRORS_SHOWN_MAX
    return {"lastRun": shown, "errors": errors, "nextAfter": errors[-1]["position"] if is_full else None}
