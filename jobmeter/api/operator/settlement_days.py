"""``GET /operator/settlementDays``: the days with events, whether they are final, and what settlement reversed; a single day."""

from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from jobmeter.api.operator.settlement import serialize_effect
from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers.times import read_day
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_id
from jobmeter.http.responses import format_time, json_response
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import RULES, ChangedJob, DayCharge, SettlementDay

LATEST = 9999_12_31
JOBS_SHOWN_MAX = 50


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


async def show_day(context: RequestContext) -> Response:
    """With what each rule reversed by currency, and the jobs that settlement or late events changed most.

    What was reversed can be listed until the events of the day are dropped; ``day`` is written as 2026-03-01 or 20260301.
    """
    text = context.request.path_params["day"]
    day = read_day(text) or read_day(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    async with context.app.database.snapshot() as connection:
        found = await settlement.find_day(connection, day=day) if day else None
        if found is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="day", key=text[:40])
        effects = await settlement.list_effects(connection, day=found.day)
        reversed_jobs, late_jobs = [
            await settlement.list_changed_jobs(
                connection, day=found.day, is_late=is_late, rows_max=JOBS_SHOWN_MAX
            )
            for is_late in (False, True)
        ]
    content = _serialize(found, context) | {
        "effects": [serialize_effect(one) for one in effects],
        "jobsReversed": [_serialize_job(one) for one in reversed_jobs],
        "jobsLate": [_serialize_job(one) for one in late_jobs],
    }
    return json_response(content)


def _serialize_job(job: ChangedJob) -> dict[str, Any]:
    return {
        "jobId": job.job_id,
        "title": job.title,
        "views": job.views,
        "clicks": job.clicks,
        "amount": format_amount(job.charge_micros, job.currency) if job.currency else None,
        "currencyCode": job.currency or None,
    }


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
