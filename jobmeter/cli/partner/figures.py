"""Owns the sums that the commands of reports show, and the charts of them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

from jobmeter.base.currencies import KNOWN_DIGITS
from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, list_days
from jobmeter.base.faults import CommandFailed
from jobmeter.base.money import MICROS_PER_UNIT, Money
from jobmeter.charts.model import Chart, Curve, Shape, Unit
from jobmeter.client.http.ranges import Span
from jobmeter.client.rows import Budget, Charge, JobDay

Measure = Literal["charge", "apply-clicks", "views"]
TITLES: Mapping[Measure, str] = {
    "charge": "Charge",
    "apply-clicks": "Apply clicks",
    "views": "Views",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    views: int = 0
    apply_clicks: int = 0
    charge_micros: int = 0

    def add(self, row: JobDay) -> "Sum":
        micros = row.charge.amount_micros if row.charge else 0
        return Sum(
            views=self.views + row.views,
            apply_clicks=self.apply_clicks + row.apply_clicks,
            charge_micros=self.charge_micros + micros,
        )

    def choose(self, measure: Measure) -> int:
        return {"charge": self.charge_micros, "apply-clicks": self.apply_clicks, "views": self.views}[measure]


def find_currency(amounts: Iterable[Money | None]) -> str:
    """Returns the currency of all amounts; empty if there is none. Raises ``CommandFailed`` if there are several."""
    found = {amount.currency for amount in amounts if amount is not None}
    if len(found) > 1:
        names = ", ".join(sorted(found))
        raise CommandFailed(
            f"the amounts are of several currencies ({names}); choose a contract by --contract"
        )
    return found.pop() if found else ""


def make_unit(measure: Measure, currency: str) -> Unit:
    """A currency of another server may be unknown here; most have two decimal places."""
    if measure == "charge":
        return Unit(name=currency, size=MICROS_PER_UNIT, digits=KNOWN_DIGITS.get(currency, 2))
    return Unit(name=TITLES[measure].lower())


def sum_by_day(rows: Iterable[JobDay], span: Span) -> Mapping[date, Sum]:
    """Returns a sum for each day of the span, also for those without any activity."""
    found = dict.fromkeys(list_days(*span), Sum())
    for row in rows:
        found[row.day] = found[row.day].add(row)
    return found


def sum_by_job(rows: Iterable[JobDay]) -> Mapping[str, Sum]:
    found: defaultdict[str, Sum] = defaultdict(Sum)
    for row in rows:
        found[row.external_id] = found[row.external_id].add(row)
    return found


def net_by_day(charges: Sequence[Charge], span: Span) -> Mapping[date, int]:
    """Returns what is left of the charges of each day: an amount that was returned counts on the day of its charge."""
    days = {charge.reference: charge.day for charge in charges}
    found = dict.fromkeys(list_days(*span), 0)
    for charge in charges:
        day = days.get(charge.corrects or "", charge.day)
        if day in found:
            found[day] += -charge.amount.amount_micros if charge.corrects else charge.amount.amount_micros
    return found


def is_final(day: date, today: date) -> bool:
    return day + timedelta(days=FINAL_AFTER_DAYS) <= today


def make_day_chart(title: str, values: Mapping[date, int], unit: Unit, today: date) -> Chart:
    days = tuple(values)
    return Chart(
        title=f"{title} by day, {unit.name}",
        days=days,
        curves=(Curve(name=title, values=tuple(values.values())),),
        estimated_from=sum(is_final(day, today) for day in days),
        unit=unit,
    )


def make_budget_chart(budget: Budget, charges: Sequence[Charge], today: date) -> Chart:
    """What was spent since the beginning of the term, beside an even pace. Raises ``CommandFailed`` if it cannot be known."""
    if budget.starts_at is None or budget.ends_at is None or day_of(budget.starts_at) >= today:
        raise CommandFailed(
            "the report does not say since when, or the term began today: there is no chart of it"
        )
    first = day_of(budget.starts_at)
    span = Span(first, today - timedelta(days=1))
    spent = tuple(accumulate(net_by_day(charges, span).values()))
    if spent[-1] != budget.spent.amount_micros:
        raise CommandFailed(
            "the stream of charges shows another sum than the budget: it shows the charges of all of the partner's"
            " contracts, and those of earlier terms"
        )
    term_days = max(1, (day_of(budget.ends_at) - first).days)
    limit = budget.limit.amount_micros
    days = tuple(list_days(*span))
    unit = make_unit("charge", budget.spent.currency)
    minor = unit.size // 10**unit.digits
    pace = tuple(
        min(limit, limit * (number + 1) // term_days // minor * minor) for number in range(len(days))
    )
    return Chart(
        title=f"Spent in the term, {unit.name}",
        days=days,
        curves=(Curve(name="spent", values=spent), Curve(name="even pace", values=pace, is_reference=True)),
        estimated_from=sum(is_final(day, today) for day in days),
        unit=unit,
        shape=Shape.LINES,
    )
