"""Owns the UTC day: its bounds, when its reports appear, when it becomes final, the year of retention.

Does not own any decision that follows from a day being open or final. Pure.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

LATE_WINDOW_HOURS = 48
FINAL_AFTER_DAYS = 3

_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)


def day_of(moment: datetime) -> date:
    """The UTC day that ``moment`` falls in (reports page: the cut-over is midnight UTC)."""
    return moment.astimezone(UTC).date()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def end_of(day: date) -> datetime:
    """The first instant that no longer belongs to ``day``."""
    return start_of(day) + _DAY


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def day_from_number(number: int) -> date:
    """The day that is ``number`` days after 1 January 1970."""
    return _EPOCH + timedelta(days=number)


def final_at(day: date, *, final_after_days: int = FINAL_AFTER_DAYS) -> datetime:
    """When the figures of ``day`` stop changing: midnight UTC, three days later by default."""
    return start_of(day) + timedelta(days=final_after_days)


def one_year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    year = day.year - 1
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
