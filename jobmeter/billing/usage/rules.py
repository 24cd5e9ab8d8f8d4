"""Owns the decisions about usage: which days a month has and which are final, and the forecast to its end. Pure."""

from datetime import date, timedelta

from jobmeter.base.days import one_year_before
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.billing.rules import last_day_of
from jobmeter.billing.usage.model import Amount, UsageKind, UsageSpan, UsedContract

MEAN_DAYS = 7
NEVER = date(1970, 1, 1)  # before any day that can be settled
_DAY = timedelta(days=1)


def make_span(month: date, *, today: date, settled_through: date | None) -> UsageSpan:
    """Returns the days of ``month``. Raises ``Refused(PARAMETER_INVALID)`` for a month that has not begun, and for
    one that began more than a year ago: its first days are no longer kept apart.
    """
    if not one_year_before(today) <= month <= today:
        raise Refused(Fault.PARAMETER_INVALID, name="month")
    last_day = last_day_of(month)
    final_through = min(settled_through or NEVER, today - _DAY)
    return UsageSpan(
        month=month,
        last_day=last_day,
        final_through=final_through,
        mean_from=final_through - (MEAN_DAYS - 1) * _DAY,
        today=today,
        days_left=max((last_day - today).days, 0),
    )


def count_mean_days(contract: UsedContract, span: UsageSpan) -> int:
    """How many of the days whose mean is the forecast the contract existed.

    Clicks are averaged over the last final days, credits, which are final at once, over the days before today.
    """
    last = span.final_through if contract.kind is UsageKind.CLICKS else span.today - _DAY
    return min(max((last - contract.starts_on).days + 1, 0), MEAN_DAYS)


def count_days_left(contract: UsedContract, span: UsageSpan) -> int:
    """How many days of the month after today the contract may be used on."""
    return min(max((contract.ends_on - span.today).days, 0), span.days_left)


def forecast(used: Amount, recent: Amount, *, mean_days: int, days_left: int, currency: str) -> Amount:
    """Returns what is used, and the mean of the recent days for each day left; in whole minor units.

    Without a recent day, nothing more is expected.
    """
    if mean_days == 0:
        return used
    unit = MICROS_PER_UNIT // 10 ** minor_digits(currency)
    return used + Amount(
        quantity=_round(recent.quantity * days_left, mean_days),
        micros=_round(recent.micros * days_left, mean_days * unit) * unit,
    )


def _round(dividend: int, divisor: int) -> int:
    """Half up; amounts used are never negative."""
    return (2 * dividend + divisor) // (2 * divisor)
