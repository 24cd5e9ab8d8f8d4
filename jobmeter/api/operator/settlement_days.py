"""``GET /operator/settlementDays``: the days with events, whether they are final, and what settlement reversed."""

from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_id
from jobmeter.http.responses import format_time, json_response
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import RULES, DayCharge, SettlementDay

LATEST = 9999_12_31


async def list_days(context: RequestContext) -> Response:
    """In order, or from ``before`` a day backwards, the newest first. The ``id`` of a day is its digits: 20260301."""
    page, before = read_page(context.request), read_query_id(context.request, "before")
    today, rows_max = day_of(context.now), page.rows_max + 1
    async with context.app.database.connection() as connection:
        if before is None:
            found = await settlement.list_days(
                connection, after=_read_day(page.after), until=today, rows_max=rows_max
            )
        else:
            earlier = min(_read_day(before), today + timedelta(days=1))
            found = await settlement.list_days_before(connection, before=earlier, rows_max=rows_max)
    shown = found[: page.rows_max]
    more = _number(shown[-1].day) if len(found) > page.rows_max else None
    elements = [_serialize(one, context) for one in shown]
    return json_response({"elements": elements, "nextAfter" if before is None else "nextBefore": more})


def _number(day: date) -> int:
    return (day.year * 100 + day.month) * 100 + day.day


def _read_day(number: int) -> date:
    """Raises ``Refused(PARAMETER_INVALID)`` for digits that are no day; 0 is before all days."""
    if number == 0:
        return date.min
    number = min(number, LATEST)
    try:
        return date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError as error:
        raise Refused(Fault.PARAMETER_INVALID, name="after, before") from error


def _serialize(one: SettlementDay, context: RequestContext) -> dict[str, Any]:
    """``finalFrom`` is when the day becomes final at the earliest, ``finalSince`` when it did.

    ``seconds`` is how long its settlement took. ``charged`` is what reports show of a final day, by currency.
    """
    final_after_days = context.app.settings.final_after_days
    return {
        "id": _number(one.day),
        "day": one.day.isoformat(),
        "state": one.state_at(context.now, final_after_days=final_after_days),
        "isFinal": one.settled_at is not None,
        "finalFrom": final_at(one.day, final_after_days=final_after_days).isoformat(),
        "finalSince": format_time(one.settled_at),
        "judgedAt": format_time(one.judged_at),
        "clicks": one.clicks,
        "clicksReversed": one.clicks_reversed,
        "reversedByRule": None if one.reversed_by_rule is None else _name_rules(one.reversed_by_rule),
        "lateEvents": one.late_events,
        "charged": None if one.charges is None else [_serialize_charge(charge) for charge in one.charges],
        "seconds": one.settlement_seconds,
    }


def _name_rules(counts: dict[str, int]) -> dict[str, int]:
    return {RULES[int(rule)].name: count for rule, count in sorted(counts.items())}


def _serialize_charge(charge: DayCharge) -> dict[str, Any]:
    return {
        "amount": format_amount(charge.charge_micros, charge.currency),
        "currencyCode": charge.currency,
    }
