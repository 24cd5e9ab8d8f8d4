"""``/portal/partner``: where a partner's money is, what needs somebody, and the jobs that cost most."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from starlette.responses import Response

from jobmeter.base.days import day_of, list_days
from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.charts.inline import Meter
from jobmeter.charts.model import Chart, Curve, Shape, Unit
from jobmeter.job_lists.model import ContractDay, ListedState
from jobmeter.portal.catalogue.texts import mark, mark_several
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.listed_jobs import CHIPS
from jobmeter.portal.pages.partner.owned import find_parent
from jobmeter.portal.pages.partner.steps import read_steps
from jobmeter.reports.overview import flow as overview
from jobmeter.reports.overview.flow import DAYS
from jobmeter.reports.overview.model import ContractMeter, Need, NeedKind, Overview

JOBS, INVOICES, CONTRACTS = (f"{ROOT}/partner/{name}" for name in ("jobs", "invoices", "contracts"))
WEBHOOKS, FEEDS = (f"{ROOT}/partner/{name}" for name in ("webhooks", "feeds"))
CURVE_DAYS_MIN = 2  # a line needs two points


class NeedText(NamedTuple):
    """How urgent a need is, what is said of it, of one and of several, and where it can be seen: ``{}`` is its subject."""

    level: str
    texts: tuple[str, ...]
    path: str = ""


_NEEDS = {
    NeedKind.INVOICE_OVERDUE: NeedText(
        "bad", (mark("Invoice %(subject)s is overdue since %(day)s"),), f"{INVOICES}/{{}}"
    ),
    NeedKind.INVOICE_DUE: NeedText(
        "warn", (mark("Invoice %(subject)s is due on %(day)s"),), f"{INVOICES}/{{}}"
    ),
    NeedKind.CONTRACT_USED_UP: NeedText(
        "bad", (mark("Contract %(subject)s is nearly used up"),), f"{CONTRACTS}/{{}}"
    ),
    NeedKind.JOBS_RAN_OUT: NeedText(
        "warn",
        mark_several("%(num)s job ran out of budget", "%(num)s jobs ran out of budget"),
        f"{JOBS}?state={ListedState.RAN_OUT.lower()}",
    ),
    NeedKind.JOBS_FAILED: NeedText(
        "bad",
        mark_several("%(num)s job was not published", "%(num)s jobs were not published"),
        f"{JOBS}?state={ListedState.FAILED.lower()}",
    ),
    NeedKind.WEBHOOK_DISABLED: NeedText(
        "bad", (mark("Webhook %(subject)s is disabled"),), f"{WEBHOOKS}/{{}}"
    ),
    NeedKind.DELIVERIES_DEAD: NeedText(
        "bad",
        mark_several(
            "Webhook %(subject)s: %(num)s delivery was given up",
            "Webhook %(subject)s: %(num)s deliveries were given up",
        ),
        f"{WEBHOOKS}/{{}}",
    ),
    NeedKind.FEED_NOT_READ: NeedText("bad", (mark("Feed %(subject)s could not be read"),), f"{FEEDS}/{{}}"),
    NeedKind.FEED_ERRORS: NeedText(
        "warn",
        mark_several(
            "Feed %(subject)s: %(num)s job is in error", "Feed %(subject)s: %(num)s jobs are in error"
        ),
        f"{FEEDS}/{{}}",
    ),
    NeedKind.TERM_ENDS: NeedText(
        "warn", (mark("The term of contract %(subject)s ends on %(day)s"),), f"{CONTRACTS}/{{}}"
    ),
    NeedKind.SLOTS_FREE: NeedText(
        "info",
        mark_several(
            "%(num)s slot of contract %(subject)s is free", "%(num)s slots of contract %(subject)s are free"
        ),
        f"{CONTRACTS}/{{}}",
    ),
}


async def show_overview(visit: Visit) -> Response:
    async with visit.app.database.snapshot() as connection:
        parent = await find_parent(connection, visit)
        found = await overview.read_overview(connection, application=parent, now=visit.context.now)
        steps = await read_steps(connection, visit, found)
    return visit.show(
        "partner/overview.html",
        partner=parent,
        contracts=[(one, make_meter(one)) for one in found.contracts],
        steps=steps,
        charts=_make_charts(visit, found),
        cumulated=_make_cumulated(visit, found),
        needs=[_describe_need(visit, need) for need in found.needs],
        states=found.states,
        chips=CHIPS,
        jobs_total=sum(one.jobs for one in found.states),
        most_spent=found.most_spent,
        counted_at=found.counted_at,
    )


def make_meter(contract: ContractMeter) -> Meter:
    return Meter(
        limit=contract.limit_micros,
        final=contract.final_micros,
        estimated=contract.estimated_micros,
        reserved=contract.reserved_micros,
        pace=contract.paced_micros,
    )


def _make_charts(visit: Visit, found: Overview) -> list[Chart]:
    """Returns the spend of each of the last days, without today's, in each currency that was spent in them."""
    today = day_of(visit.context.now)
    days = tuple(today - timedelta(days=DAYS - index) for index in range(DAYS))
    currencies = sorted({one.currency for one in found.days if one.day in days})
    return [
        Chart(
            title=visit.gettext("Spend per day, %(currency)s") % {"currency": currency},
            days=days,
            curves=(Curve(name=currency, values=_sum_days(found.days, days, currency)),),
            estimated_from=sum(day <= found.final_through for day in days),
            unit=Unit(name=currency, size=MICROS_PER_UNIT, digits=minor_digits(currency)),
        )
        for currency in currencies
    ]


def _make_cumulated(visit: Visit, found: Overview) -> list[Chart]:
    """Returns what was spent since the month began, against an even pace of the contracts, in each of the same currencies."""
    today = day_of(visit.context.now)
    days = tuple(list_days(today.replace(day=1), today - timedelta(days=1)))
    if len(days) < CURVE_DAYS_MIN:
        return []
    currencies = sorted({one.currency for one in found.days if one.day in days})
    title = visit.gettext("Cumulated in %(month)s, %(currency)s")
    return [
        Chart(
            title=title % {"month": visit.viewer.whole_month(today), "currency": currency},
            days=days,
            curves=(
                Curve(name=currency, values=tuple(accumulate(_sum_days(found.days, days, currency)))),
                Curve(
                    name=visit.gettext("even pace"),
                    values=overview.pace_days(found.contracts, currency=currency, days=days),
                    is_reference=True,
                ),
            ),
            estimated_from=sum(day <= found.final_through for day in days),
            unit=Unit(name=currency, size=MICROS_PER_UNIT, digits=minor_digits(currency)),
            shape=Shape.LINES,
        )
        for currency in currencies
    ]


def _sum_days(rows: Sequence[ContractDay], days: Sequence[date], currency: str) -> tuple[int, ...]:
    return tuple(
        sum(row.charge_micros for row in rows if row.day == day and row.currency == currency) for day in days
    )


def _describe_need(visit: Visit, need: Need) -> dict[str, str]:
    row, viewer = _NEEDS[need.kind], visit.viewer
    values = {
        "subject": need.subject,
        "num": viewer.number(need.count),
        "day": viewer.day(need.on) if need.on is not None else "",
    }
    one, *several = row.texts
    text = visit.ngettext(one, several[0], need.count) if several else visit.gettext(one)
    amount = "" if need.amount_micros is None else viewer.amount(need.amount_micros, need.currency)
    return {
        "level": row.level,
        "text": text % values,
        "path": visit.site.find_own(row.path.format(need.subject)) or "",
        "amount": f"{amount} {need.currency}".strip(),
    }
