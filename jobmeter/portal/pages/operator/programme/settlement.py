"""``/portal/operator/settlement``: the days with events, how far each is settled, and what settlement reversed."""

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import NamedTuple

from starlette.responses import Response

from jobmeter.base.days import day_of, final_at
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import read_day
from jobmeter.database.connection import Connection
from jobmeter.exports.model import CURRENCY
from jobmeter.http.parameters import read_query_day
from jobmeter.job_lists import flow as job_lists
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.model import VERDICTS
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.tables import AMOUNT, DAY, NUMBER, TEXT, TIME, Row, send_table
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import RULES, DayState, Rule, SettlementDay

PAGE_ROWS, FILE_ROWS, JOBS_SHOWN_MAX = 31, 200, 20
STATES = {
    DayState.OPEN: ("est-chip", "hatched", mark("estimated")),
    DayState.DUE: ("warn", "half", mark("due")),
    DayState.SETTLING: ("good", "hourglass", mark("is settled now")),
    DayState.FINAL: ("good", "full", mark("final")),
}
COLUMNS = {
    "day": DAY,
    "state": TEXT,
    "finalSince": TIME,
    "clicks": NUMBER,
    "clicksReversed": NUMBER,
    **{f"reversed{rule.name.title().replace('_', '')}": NUMBER for rule in Rule},
    "lateEvents": NUMBER,
    "settlementSeconds": NUMBER,
    "charge": AMOUNT,
    CURRENCY: TEXT,
}


class Amount(NamedTuple):
    micros: int
    currency: str


class DayRow(NamedTuple):
    """A day as a table shows it: what was charged is an estimate unless the day is final."""

    day: SettlementDay
    state: DayState
    charged: list[Amount]


async def list_days(visit: Visit) -> Response:
    """The newest first, from ``before`` a day backwards."""
    tomorrow = day_of(visit.context.now) + timedelta(days=1)
    before = min(read_query_day(visit.context.request, "before", default=tomorrow), tomorrow)
    async with visit.app.database.snapshot() as connection:
        rows = await list_rows(connection, visit, before=before, rows_max=PAGE_ROWS + 1)
        settled_through = await settlement.read_settled_through(connection)
    shown = rows[:PAGE_ROWS]
    return visit.show(
        "operator/programme/settlement.html",
        rows=shown,
        states=STATES,
        settled_through=settled_through,
        next_final=find_next_final(visit, settled_through),
        name_rules=_name_rules,
        first="/portal/operator/settlement" if before < tomorrow else "",
        following=f"?before={shown[-1].day.day}" if len(rows) > PAGE_ROWS else "",
    )


async def download_days(visit: Visit) -> Response:
    return await send_table(visit, "settlement", COLUMNS, _read_lines(visit))


async def show_day(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    text = visit.context.request.path_params["day"]
    day = read_day(text)
    async with visit.app.database.snapshot() as connection:
        found = None if day is None else await settlement.find_day(connection, day=day)
        if found is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="day", key=text[:40])
        estimates = await _list_estimates(connection)
        effects = await settlement.list_effects(connection, day=found.day)
        reversed_jobs, late_jobs = [
            await settlement.list_changed_jobs(
                connection, day=found.day, is_late=is_late, rows_max=JOBS_SHOWN_MAX
            )
            for is_late in (False, True)
        ]
        refusals = await filters.count_refusals(connection, first=found.day, last=found.day)
    final_after_days = visit.app.settings.final_after_days
    return visit.show(
        "operator/programme/day.html",
        row=_make_row(visit, found, estimates),
        states=STATES,
        final_from=final_at(found.day, final_after_days=final_after_days),
        by_rule=[(rule, count) for rule, count in _name_rules(found)],
        effects=effects,
        rule_of=RULES,
        reversed_jobs=reversed_jobs,
        late_jobs=late_jobs,
        refusals=[(VERDICTS[one.verdict].message, one.clicks) for one in refusals],
    )


async def list_rows(connection: Connection, visit: Visit, *, before: date, rows_max: int) -> list[DayRow]:
    found = await settlement.list_days_before(connection, before=before, rows_max=rows_max)
    estimates = await _list_estimates(connection)
    return [_make_row(visit, one, estimates) for one in found]


async def _list_estimates(connection: Connection) -> dict[date, list[Amount]]:
    found: dict[date, list[Amount]] = defaultdict(list)
    for one in await job_lists.list_estimates(connection):
        found[one.day].append(Amount(one.charge_micros, one.currency))
    return found


def _make_row(visit: Visit, day: SettlementDay, estimates: dict[date, list[Amount]]) -> DayRow:
    charged = (
        estimates.get(day.day, [])
        if day.charges is None
        else [Amount(one.charge_micros, one.currency) for one in day.charges]
    )
    state = day.state_at(visit.context.now, final_after_days=visit.app.settings.final_after_days)
    return DayRow(day, state, charged)


def find_next_final(visit: Visit, settled_through: date | None) -> tuple[date, object] | None:
    """Returns the day that becomes final next, and when."""
    if settled_through is None:
        return None
    day = settled_through + timedelta(days=1)
    return day, final_at(day, final_after_days=visit.app.settings.final_after_days)


def _name_rules(day: SettlementDay) -> list[tuple[Rule, int]]:
    counts = day.reversed_by_rule or {}
    return [(RULES[int(rule)], count) for rule, count in sorted(counts.items())]


async def _read_lines(visit: Visit) -> AsyncIterator[list[Row]]:
    """A day has a line for each currency."""
    before = day_of(visit.context.now) + timedelta(days=1)
    while True:
        async with visit.app.database.snapshot() as connection:
            rows = await list_rows(connection, visit, before=before, rows_max=FILE_ROWS)
        yield [line for row in rows for line in _make_lines(row)]
        if len(rows) < FILE_ROWS:
            return
        before = rows[-1].day.day


def _make_lines(row: DayRow) -> list[Row]:
    day, counts = row.day, dict(_name_rules(row.day))
    known = day.reversed_by_rule is not None
    first = (
        *(day.day, row.state, day.settled_at, day.clicks, day.clicks_reversed),
        *(counts.get(rule, 0) if known else None for rule in Rule),
        *(day.late_events, day.settlement_seconds),
    )
    amounts: list[tuple[int | None, str | None]] = [*row.charged] or [(None, None)]
    return [(*first, *amount) for amount in amounts]
