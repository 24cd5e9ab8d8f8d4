"""Owns the decisions of exports: which range may be asked for, which position a cursor names. Pure."""

from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of, one_year_before
from jobmeter.base.faults import Fault, Refused
from jobmeter.exports.model import ExportKind

# Their figures are those of reports, which show no day before it is over.
ENDS_YESTERDAY = frozenset({ExportKind.JOB_REPORTS, ExportKind.BUDGET})
NUMBER_MAX = 10**18 - 1  # of a cursor: fits every column of the database
DAY_MAX = (date.max - date(1970, 1, 1)).days
CURSOR_CHARACTERS_MAX = 120


def check_range(
    kind: ExportKind, first: date | None, last: date | None, *, now: datetime, kept_days: int
) -> tuple[date, date]:
    """Returns the days of the range; by default everything that is kept by day, for ``kept_days`` and at most a year.

    Raises ``Refused``: RANGE_REVERSED, RANGE_TOO_OLD, RANGE_NOT_PAST. Documents are kept for longer than figures: of them
    the last year is the default, and there is no limit.
    """
    today = day_of(now)
    kept_since = max(one_year_before(today), today - timedelta(days=kept_days))
    latest = today - timedelta(days=kind in ENDS_YESTERDAY)
    chosen = first or kept_since, last or latest
    if chosen[1] < chosen[0]:
        raise Refused(Fault.RANGE_REVERSED)
    if chosen[0] < kept_since and kind is not ExportKind.INVOICES:
        raise Refused(Fault.RANGE_TOO_OLD)
    if chosen[1] > latest:
        raise Refused(Fault.RANGE_NOT_PAST)
    return chosen


def check_moment(as_of: datetime, last: date, *, now: datetime) -> None:
    """Checks the moment of which a range is reported. Raises ``Refused``: PARAMETER_INVALID if it is to come, RANGE_NOT_PAST."""
    if as_of > now:
        raise Refused(Fault.PARAMETER_INVALID, name="asOf")
    if last >= day_of(as_of):
        raise Refused(Fault.RANGE_NOT_PAST)


def read_cursor(text: str, *, first: tuple[int, ...], largest: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the position that a cursor names, ``first`` without one. It has as many numbers as ``largest``, none above it.

    Raises ``Refused(PARAMETER_INVALID)``.
    """
    if not text:
        return first
    parts = text.split("-") if len(text) <= CURSOR_CHARACTERS_MAX else []
    if len(parts) != len(largest) or not all(part.isascii() and part.isdigit() for part in parts):
        raise Refused(Fault.PARAMETER_INVALID, name="cursor")
    position = tuple(map(int, parts))
    if any(number > most for number, most in zip(position, largest, strict=True)):
        raise Refused(Fault.PARAMETER_INVALID, name="cursor")
    return position
