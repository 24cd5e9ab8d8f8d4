"""``POST /portal/sandbox/clock``: moves a sandbox's clock forward. In production there is no such address."""

from datetime import timedelta

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit

SPANS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "3d": timedelta(days=3)}


async def move_clock(visit: Visit) -> Response:
    """Raises ``Refused``: ROUTE_UNKNOWN in production, OPERATOR_INPUT."""
    move, span = visit.app.move_clock, visit.form.get("advance", "")
    if move is None:
        raise Refused(Fault.ROUTE_UNKNOWN)
    if span not in SPANS:
        raise Refused(Fault.OPERATOR_INPUT, field="advance", why=f"is one of {', '.join(SPANS)}")
    await move(SPANS[span], repeatable=visit.context.repeatable)
    return visit.redirect(visit.find_next(ROOT), done="clock")
