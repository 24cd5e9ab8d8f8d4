"""Owns the UTC day: its bounds, when it becomes final, the retention of one year.

Does not own decisions that depend on whether a day is open or final. Pure.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

DAY_MS = 86_400_000
LATE_WINDOW_HOURS = 48
FINAL_AFTER_DAYS = 3

_DAY = timedelta(days=1)
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
_EPOCH = date(1970, 1, 1)


def day_of(moment: datetime) -> date:
    """Returns the UTC day of ``moment`` (reports page: the cut-over is midnight UTC)."""
    return moment.astimezone(UTC).date()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    """Returns the first instant after ``day``; of the last day that there is, its last instant."""
    return start_of(day) + _DAY if day < date.max else LAST_MOMENT


def month_of(moment: datetime) -> date:
    """Returns the first day of the UTC month of ``moment``."""
    return day_of(moment).replace(day=1)


def month_after(month: date) -> date:
    """Returns the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def list_days(first: date, last: date) -> Iterator[date]:
    """Yields the days from ``first`` to ``last``, both included; none if ``last`` is earlier."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def day_number(day: date) -> int:
    """Returns the number of days since 1 January 1970."""
    return (day - _EPOCH).days


def day_from_number(number: int) -> date:
    """Returns the day ``number`` days after 1 January 1970."""
    return _EPOCH + timedelta(days=number)


def final_at(day: date, *, final_after_days: int = FINAL_AFTER_DAYS) -> datetime:
    """Returns when the figures of ``day`` become final: by default the third midnight UTC after it begins."""
    return start_of(day) + timedelta(days=final_after_days)


def one_year_before(day: date) -> date:
    """Returns the same date one year earlier; 28 February for 29 February."""
    year = day.year - 1
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
