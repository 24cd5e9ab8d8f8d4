"""``GET /operator/settlementDays``: the days with events, whether they are final, and what settlement reversed."""

from datetime import date
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page
from jobmeter.http.responses import format_time, page_response
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import SettlementDay

LATEST = 9999_12_31


async def list_days(context: RequestContext) -> Response:
    """In order. The ``id`` of a day is its digits, so that ``after=20260301`` continues after 1 March 2026."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await settlement.list_days(
            connection,
            after=_read_after(page.after),
            until=day_of(context.now),
            rows_max=page.rows_max + 1,
        )
    final_after_days = context.app.settings.final_after_days
    return page_response(
        found,
        page,
        serialize=lambda one: _serialize(one, final_after_days),
        key=lambda one: _number(one.day),
    )


def _number(day: date) -> int:
    return (day.year * 100 + day.month) * 100 + day.day


def _read_after(number: int) -> date:
    """Raises ``Refused(PARAMETER_INVALID)`` for digits that are no day; 0 is before all days."""
    if number == 0:
        return date.min
    number = min(number, LATEST)
    try:
        return date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError as error:
        raise Refused(Fault.PARAMETER_INVALID, name="after") from error


def _serialize(one: SettlementDay, final_after_days: int) -> dict[str, Any]:
    """``finalFrom`` is when the day becomes final at the earliest, ``finalSince`` when it did."""
    return {
        "id": _number(one.day),
        "day": one.day.isoformat(),
        "isFinal": one.settled_at is not None,
        "finalFrom": final_at(one.day, final_after_days=final_after_days).isoformat(),
        "finalSince": format_time(one.settled_at),
        "judgedAt": format_time(one.judged_at),
        "clicks": one.clicks,
        "clicksReversed": one.clicks_reversed,
    }
