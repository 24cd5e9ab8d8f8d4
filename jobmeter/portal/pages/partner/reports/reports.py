"""``/portal/partner/reports``: the figures of any range of days, as a chart, a table and files, now or as they were at a moment."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import day_of, list_days
from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.base.readers import times
from jobmeter.charts.model import Chart, Curve, Unit
from jobmeter.database.connection import Connection
from jobmeter.exports.kinds import flow as kinds
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportKind, ExportQuery, Table
from jobmeter.partners.model import Application
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import list_tables, send_tables
from jobmeter.portal.pages.my.days import MEASURES
from jobmeter.portal.pages.partner.owned import find_parent
from jobmeter.portal.pages.partner.reports.asked import (
    CHOICES_MAX,
    NO_APPLICATION,
    Asked,
    list_children,
    list_quick_ranges,
    read_asked,
)
from jobmeter.reports.job_reports import flow as reports
from jobmeter.reports.job_reports.model import DaySum, SumQuery

REPORTS = f"{ROOT}/partner/reports"
DAYS = 30  # by default
DAY_ROWS_MAX = 31  # a longer range is shown by month
TO_THE_MINUTE = len("2026-11-27T04:22")
NO_MOMENT = mark("Enter a moment that is over, such as 2026-11-27 04:22, in UTC")
NOT_OVER_THEN = mark("That day was not over at the moment of the report: choose %(day)s or an earlier one")
TOO_SLOW = mark("A page cannot show so many figures: choose fewer days, or take the file")
COLUMNS = (
    Column("date", ColumnType.DAY, "UTC day"),
    Column("viewCount", ColumnType.NUMBER, "views of all jobs"),
    Column("applyClickCount", ColumnType.NUMBER, "their apply clicks that count"),
    Column("charge", ColumnType.AMOUNT, "what the clicks cost"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the charge (ISO 4217)"),
    Column("state", ColumnType.TEXT, "estimated or final"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What an address asks for: the range, the moment, and the partner with the customers that are reported."""

    asked: Asked
    as_of: datetime | None
    parent: Application
    children: tuple[Application, ...]
    chosen: tuple[Application, ...]

    def with_problem(self, name: str, text: str) -> "Found":
        return replace(self, asked=replace(self.asked, problems=self.asked.problems | {name: text}))


async def show_reports(visit: Visit) -> Response:
    """With ``?show=`` the chart shows another figure, with ``?currency=`` the jobs of another currency."""
    async with visit.app.database.connection() as connection:
        found = await _find(connection, visit)
        try:
            async with asyncio.timeout(visit.app.settings.report_seconds_max):
                sums = await _sum(connection, found, visit.context.now)
        except TimeoutError:
            found, sums = found.with_problem("from", visit.gettext(TOO_SLOW)), []
    return _show(visit, found, sums)


async def _find(connection: Connection, visit: Visit) -> Found:
    asked = read_asked(visit, latest=day_of(visit.context.now) - timedelta(days=1), days=DAYS)
    parent = await find_parent(connection, visit)
    children = await list_children(connection, parent, asked, visit)
    chosen = tuple(one for one in children if asked.application_id in {None, one.id})
    as_of, problem = _read_moment(visit, asked)
    found = Found(asked, as_of, parent, children, chosen)
    if asked.application_id is not None and not chosen:
        found = found.with_problem("application", visit.gettext(NO_APPLICATION))
    return found.with_problem(*problem) if problem else found


def _read_moment(visit: Visit, asked: Asked) -> tuple[datetime | None, tuple[str, str] | None]:
    """Returns the moment in UTC, and what is wrong with it or with a range that was not over then."""
    text = visit.context.request.query_params.get("asOf", "").strip()[:40]
    asked.texts["asOf"] = text
    if not text:
        return None, None
    whole = f"{text}:00" if len(text) == TO_THE_MINUTE else text
    moment = times.read_moment(f"{whole.replace(' ', 'T')}Z")
    if moment is None or moment > visit.context.now:
        return None, ("asOf", visit.gettext(NO_MOMENT))
    latest = day_of(moment) - timedelta(days=1)
    if asked.last > latest and "to" not in asked.problems:
        return moment, ("to", visit.gettext(NOT_OVER_THEN) % {"day": visit.viewer.day(latest)})
    return moment, None


async def _sum(connection: Connection, found: Found, now: datetime) -> list[DaySum]:
    if found.asked.problems:
        return []
    asked = found.asked
    query = SumQuery(children=found.chosen, first=asked.first, last=asked.last, now=now, as_of=found.as_of)
    return await reports.sum_days(connection, query)


def _show(visit: Visit, found: Found, sums: Sequence[DaySum]) -> Response:
    totals: dict[str, int] = defaultdict(int)
    for one in sums:
        totals[one.currency] += one.charge_micros
    currencies = sorted(totals, key=lambda name: (-totals[name], name))
    given = visit.context.request.query_params
    currency = given.get("currency", "")
    currency = currency if currency in totals else next(iter(currencies), "")
    measure = given.get("show", "")
    measure = measure if measure in MEASURES else next(iter(MEASURES))
    shown = [one for one in sums if one.currency == currency]
    asked = found.asked
    is_by_month = (asked.last - asked.first).days >= DAY_ROWS_MAX
    return visit.show(
        "partner/reports/reports.html",
        problems=asked.problems,
        asked=asked,
        as_of=found.as_of,
        quick=list_quick_ranges(asked),
        children=found.children if len(found.children) <= CHOICES_MAX else None,
        chosen=found.chosen,
        currency=currency,
        currencies=currencies,
        measure=measure,
        measures=MEASURES,
        chart=_make_chart(visit, asked, shown, measure, currency=currency) if shown else None,
        rows=_add_months(shown) if is_by_month else shown[::-1],
        total=_add(shown) if shown else None,
        is_by_month=is_by_month,
        path=REPORTS,
        write_month=lambda row: f"?{asked.write(**_span_month(asked, row.day))}",
    )


def _make_chart(visit: Visit, asked: Asked, sums: Sequence[DaySum], measure: str, *, currency: str) -> Chart:
    """Every day of the range has a bar, also one without figures."""
    by_day = {one.day: _measure(one, measure) for one in sums}
    days = tuple(list_days(asked.first, asked.last))
    open_days = [one.day for one in sums if not one.is_final]
    title = visit.gettext(MEASURES[measure])
    unit = Unit(name=title)
    if measure == "charge":
        unit = Unit(name=currency, size=MICROS_PER_UNIT, digits=minor_digits(currency))
    return Chart(
        title=title,
        days=days,
        curves=(Curve(name=title, values=tuple(by_day.get(day, 0) for day in days)),),
        estimated_from=days.index(min(open_days)) if open_days else len(days),
        unit=unit,
    )


def _measure(one: DaySum, measure: str) -> int:
    return {"charge": one.charge_micros, "clicks": one.apply_clicks, "views": one.views}[measure]


def _add(sums: Iterable[DaySum]) -> DaySum:
    """Returns the sum of days, as of the first of them."""
    rows = list(sums)
    return replace(
        rows[0],
        views=sum(one.views for one in rows),
        apply_clicks=sum(one.apply_clicks for one in rows),
        charge_micros=sum(one.charge_micros for one in rows),
        is_final=all(one.is_final for one in rows),
    )


def _add_months(sums: Sequence[DaySum]) -> list[DaySum]:
    """Returns a row for each month, the newest first, of its first day."""
    months: dict[date, list[DaySum]] = defaultdict(list)
    for one in sums:
        months[one.day.replace(day=1)].append(one)
    return [replace(_add(rows), day=month) for month, rows in sorted(months.items(), reverse=True)]


def _span_month(asked: Asked, month: date) -> dict[str, str]:
    following = (month + timedelta(days=31)).replace(day=1)
    last = min(following - timedelta(days=1), asked.last)
    return {"from": max(month, asked.first).isoformat(), "to": last.isoformat()}


async def download_days(visit: Visit) -> Response:
    """The rows of the table by day, of all currencies. What is wrong is shown on the page."""
    async with visit.app.database.connection() as connection:
        found = await _find(connection, visit)
        sums = await _sum(connection, found, visit.context.now)
    if found.asked.problems:
        return _show(visit, found, [])
    columns: tuple[list[Any], ...] = (
        [one.day for one in sums],
        [one.views for one in sums],
        [one.apply_clicks for one in sums],
        [one.charge_micros for one in sums],
        [one.currency for one in sums],
        ["final" if one.is_final else "estimated" for one in sums],
    )
    table = Table(columns, [f"{one.day.isoformat()}-{one.currency}" for one in sums])
    name = f"days-{found.asked.first}_{found.asked.last}"
    return await send_tables(visit, name, COLUMNS, list_tables(table) if sums else list_tables())


async def download_reports(visit: Visit) -> Response:
    """A row for each job and day, as the API exports them. What is wrong is shown on the page."""
    app, now = visit.app, visit.context.now
    async with app.database.connection() as connection:
        found = await _find(connection, visit)
        if found.asked.problems:
            return _show(visit, found, [])
        asked = found.asked
        query = ExportQuery(
            kind=ExportKind.JOB_REPORTS,
            caller=found.parent,
            first=asked.first,
            last=asked.last,
            application_id=asked.application_id,
            now=now,
            as_of=found.as_of,
        )
        scope = await kinds.find_scope(connection, query)
    sources = kinds.make_sources(app.lend_connection, app.job_lists)
    columns = kinds.KINDS[query.kind].columns
    name = f"reports-{asked.first}_{asked.last}"
    return await send_tables(visit, name, columns, kinds.read_tables(sources, query, scope))
