"""``/portal/sandbox/clock``: moves a sandbox's clock forward, shows how far a long move is, and what happened on the way."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers import times
from jobmeter.portal.catalogue.texts import mark, mark_several
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.sandbox.controls import show_controls_page
from jobmeter.portal.pages.sandbox.only_there import SANDBOX, sandbox_of
from jobmeter.reports.happenings import flow as happenings
from jobmeter.reports.happenings.model import HappeningKind

CLOCK = f"{SANDBOX}/clock"
SPANS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "3d": timedelta(days=3)}
RELOAD_SECONDS = 2
NO_MOMENT = mark("Enter a day and a time, such as 2026-12-01T00:00")
NOT_BACK = mark("The clock only moves forward: enter a moment after %(now)s, at most ten years ahead")

# What happened, of one and of several; the subject of one is a day, a number or a kind.
TEXTS = {
    HappeningKind.DAY_SETTLED: mark_several("%(num)s day settled", "%(num)s days settled"),
    HappeningKind.CLICKS_REVERSED: mark_several("%(num)s click reversed", "%(num)s clicks reversed"),
    HappeningKind.JOBS_EXPIRED: mark_several("%(num)s job expired", "%(num)s jobs expired"),
    HappeningKind.JOBS_CLOSED: mark_several("%(num)s job closed", "%(num)s jobs closed"),
    HappeningKind.JOBS_RAN_OUT: mark_several(
        "%(num)s job ran out of budget", "%(num)s jobs ran out of budget"
    ),
    HappeningKind.DOCUMENT_ISSUED: mark_several("%(num)s document issued", "%(num)s documents issued"),
    HappeningKind.NOTIFICATIONS_QUEUED: mark_several(
        "%(num)s notification queued", "%(num)s notifications queued"
    ),
    HappeningKind.FEED_READ: mark_several("%(num)s feed read", "%(num)s feeds read"),
    HappeningKind.VISITS: mark_several(
        "%(num)s view by the sandbox's visitors", "%(num)s views by the sandbox's visitors"
    ),
}


async def move_clock(visit: Visit) -> Response:
    """By a span, or to a moment. Raises ``Refused``: ROUTE_UNKNOWN in production, OPERATOR_INPUT."""
    sandbox, span = sandbox_of(visit), visit.form.get("advance", "")
    now, repeatable = visit.context.now, visit.context.repeatable
    if "to" in visit.form:
        until = _read_local(visit.form["to"].strip())
        if until is None:
            return await show_controls_page(visit, {"to": visit.gettext(NO_MOMENT)})
        try:
            is_over = await sandbox.move_to(until, repeatable=repeatable)
        except Refused as refused:
            if refused.fault not in {Fault.CLOCK_BACKWARDS, Fault.OPERATOR_INPUT}:
                raise
            shown = {"now": visit.viewer.moment(now)}
            return await show_controls_page(visit, {"to": visit.gettext(NOT_BACK) % shown})
    elif span in SPANS:
        until = now + SPANS[span]
        is_over = await sandbox.move_by(SPANS[span], repeatable=repeatable)
    else:
        raise Refused(Fault.OPERATOR_INPUT, field="advance", why=f"is one of {', '.join(SPANS)}")
    back = visit.find_next(ROOT)
    if is_over and not back.startswith(SANDBOX):
        return visit.redirect(back, done="clock")
    shown = {"since": now.isoformat(timespec="seconds"), "until": until.isoformat(timespec="seconds")}
    return visit.redirect(f"{CLOCK}?{urlencode(shown | {'next': back})}")


async def show_way(visit: Visit) -> Response:
    """How far a move is; when it is over, what happened between two moments, counted and listed in order.

    Raises ``Refused``: ROUTE_UNKNOWN in production, PARAMETER_INVALID.
    """
    sandbox_of(visit)
    since, until = _read_moment(visit, "since"), _read_moment(visit, "until")
    is_over, stays = visit.context.now >= until, visit.context.request.query_params.get("stay") == "1"
    async with visit.app.database.connection() as connection:
        found = await happenings.read_happenings(connection, since=since, until=until)
    return visit.show(
        "sandbox/way.html",
        since=since,
        until=until,
        is_over=is_over,
        reload_seconds=None if is_over or stays else RELOAD_SECONDS,
        staying=_write_staying(visit, stays=not stays),
        counts=[_write(visit, kind, count) for kind, count in found.counts.items()],
        happenings=[(one.at, _write(visit, one.kind, one.count), one.subject) for one in found.listed],
        is_cut=found.is_cut,
        moved_percent=_measure(since, until, at=min(visit.context.now, until)),
        back=visit.find_next(SANDBOX),
        wanted=until.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
    )


def _write_staying(visit: Visit, *, stays: bool) -> str:
    """Returns the address of this page, which reloads itself or does not: who reads slowly stops it."""
    query = dict(visit.context.request.query_params) | {"stay": "1" if stays else ""}
    return f"{CLOCK}?{urlencode(query)}"


def _write(visit: Visit, kind: HappeningKind, count: int) -> str:
    return visit.ngettext(*TEXTS[kind], count) % {"num": visit.viewer.number(count)}


def _measure(since: datetime, until: datetime, *, at: datetime) -> int:
    return round(100 * ((at - since) / (until - since))) if since < until else 100


def _read_local(text: str) -> datetime | None:
    """What a field for a day and a time sends: without seconds and without an offset, which is that of UTC."""
    return times.read_moment(f"{text}:00Z" if text.count(":") == 1 else f"{text}Z")


def _read_moment(visit: Visit, name: str) -> datetime:
    moment = times.read_moment(visit.context.request.query_params.get(name, ""))
    if moment is None:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return moment
