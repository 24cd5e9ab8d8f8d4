"""Owns the rules of the reports page about days: which ranges may be asked for, which jobs a range holds. Pure."""

from datetime import date, datetime

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, end_of, one_year_before, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import REPORT_DAYS_BY_RANGE_MAX
from jobmeter.database.arrays import Column
from jobmeter.reports.job_reports.model import DayRange, ReportableJobs


def check_range(first: date | None, last: date | None, *, now: datetime) -> DayRange:
    """The checks both reports share, in the order of the page's table.

    Raises ``Refused``: RANGE_FIELDS, RANGE_REVERSED, RANGE_TOO_OLD, RANGE_NOT_PAST.
    """
    if first is None or last is None:
        raise Refused(Fault.RANGE_FIELDS)
    today = day_of(now)
    if last < first:
        raise Refused(Fault.RANGE_REVERSED)
    if first < one_year_before(today):
        raise Refused(Fault.RANGE_TOO_OLD)
    if last >= today:
        raise Refused(Fault.RANGE_NOT_PAST)
    return DayRange(first, last)


def find_live(jobs: ReportableJobs, days: DayRange, contract_id: int | None) -> Column:
    """Which of the jobs were live on a day of the range: posted before it ended, not over before it began."""
    starts_ms, ends_ms = to_ms(start_of(days.first)), to_ms(end_of(days.last))
    live: Column = (jobs.created_ms < ends_ms) & (jobs.closed_ms >= starts_ms)
    if contract_id is not None:
        live &= jobs.contract_ids == contract_id
    return live


def check_one_month(days: DayRange) -> DayRange:
    """By ids: at most 31 days, all of one calendar month. Raises ``Refused(RANGE_TWO_MONTHS)``."""
    if (days.first.year, days.first.month) != (days.last.year, days.last.month):
        raise Refused(Fault.RANGE_TWO_MONTHS)
    return days


def check_seven_days(days: DayRange) -> DayRange:
    """By date range: at most seven days, both ends counted. Raises ``Refused(RANGE_TOO_LONG)``."""
    if (days.last - days.first).days + 1 > REPORT_DAYS_BY_RANGE_MAX:
        raise Refused(Fault.RANGE_TOO_LONG)
    return days
