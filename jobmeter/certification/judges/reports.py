"""Owns the judges of reports: who asks, for which days, and whether all pages are read. Pure."""

from collections import Counter, defaultdict
from datetime import date, timedelta

from jobmeter.base.days import list_days
from jobmeter.certification.judges.verdicts import missing, shown, wrong
from jobmeter.certification.model import Finding
from jobmeter.certification.trace import Call, Kind, Trace, list_of

JOB_REPORTS = (Kind.BY_IDS, Kind.BY_RANGE)
WRONG_CALLER = {"6000", "6001", "6022"}
BY_IDS_FAULTS = {"6011", "6021"}
BY_RANGE_FAULTS = {"6011", "6023"}
TODAY_FAULT = "6010"
MOVES_FOR = timedelta(hours=48)


def assess_reports(trace: Trace) -> Finding:
    """P4P-REPORTS."""
    jobs, budget = trace.succeeded(*JOB_REPORTS), trace.succeeded(Kind.BUDGET)
    if not jobs:
        return missing("No job report was read: send a request with the customer's token.")
    if not budget:
        return missing("No budget report was read: send a request with the partner's own token.")
    return shown("A job report and a budget report were read.", [jobs[0], budget[0]])


def assess_callers(trace: Trace) -> Finding:
    """X-12."""
    refused = [
        call
        for call in trace.of(*JOB_REPORTS, Kind.BUDGET)
        if call.code in WRONG_CALLER and not call.record.forced
    ]
    if refused:
        return wrong("A report was requested with the token of the other kind of application.", refused)
    read = [*trace.succeeded(*JOB_REPORTS)[:3], *trace.succeeded(Kind.BUDGET)[:3]]
    if len({call.kind is Kind.BUDGET for call in read}) > 1:
        return shown("Job reports with a customer's token, budget reports with the partner's.", read)
    return missing("Job and budget reports were not both read.")


def assess_by_ids(trace: Trace) -> Finding:
    """X-13."""
    refused = [
        call for call in trace.of(Kind.BY_IDS) if call.code in BY_IDS_FAULTS and not call.record.forced
    ]
    if refused:
        return wrong("Too many ids, or days of two months, were requested at once.", refused)
    read = trace.succeeded(Kind.BY_IDS)
    if not read:
        return missing("No job report by ids was read.")
    months = {(days[0].year, days[0].month) for call in read if (days := call.read_range())}
    remarks = [] if len(months) > 1 else ["show a range over the end of a month as two requests"]
    return shown("Reports by ids have at most ten ids and days of one month.", read, remarks=remarks)


def assess_by_range(trace: Trace) -> Finding:
    """X-14."""
    refused = [
        call for call in trace.of(Kind.BY_RANGE) if call.code in BY_RANGE_FAULTS and not call.record.forced
    ]
    if refused:
        return wrong("More than seven days, or days of two months, were requested at once.", refused)
    pages: dict[tuple[str, object], list[Call]] = defaultdict(list)
    for call in trace.succeeded(Kind.BY_RANGE):
        pages[call.client, call.read_range()].append(call)
    for calls in pages.values():
        starts = {_read_start(call) for call in calls}
        unread = [call for call in calls if (after := _find_next(call)) is not None and after not in starts]
        if unread:
            return wrong("Not all pages of a report by range were read.", unread)
    if pages:
        return shown(
            "All pages of each report by range were read.",
            [call for calls in pages.values() for call in calls],
        )
    return missing("No job report by date range was read.")


def _read_start(call: Call) -> int:
    text = call.parameter("start")
    return int(text) if text.isdigit() else 0


def _find_next(call: Call) -> int | None:
    """Returns where the next page starts, ``None`` after the last one."""
    paging = call.returned.get("paging") if isinstance(call.returned, dict) else None
    if not isinstance(paging, dict):
        return None
    end = _read_start(call) + len(list_of(call.returned, "elements"))
    total = paging.get("total")
    return end if isinstance(total, int) and end < total else None


def assess_days(trace: Trace) -> Finding:
    """X-15."""
    calls = trace.of(*JOB_REPORTS)
    early = [call for call in calls if call.code == TODAY_FAULT or _reaches_today(call)]
    if early:
        return wrong("Figures of today or the future were requested.", early)
    read = [call for call in calls if call.is_success]
    if not read:
        return missing("No job report was read.")
    asked = Counter((call.client, call.target, call.record.at.date()) for call in read)
    again = sum(count - 1 for count in asked.values())
    remarks = [f"{again} requests were repeated on one day, on which reports do not change"] if again else []
    return shown("Only days that are over were requested.", read, remarks=remarks)


def _reaches_today(call: Call) -> bool:
    days = call.read_range()
    return days is not None and days[1] >= call.record.at.date()


def assess_restatements(trace: Trace) -> Finding:
    """X-16."""
    read_at: dict[tuple[str, date], Call] = {}
    for call in trace.succeeded(*JOB_REPORTS):
        days = call.read_range()
        if days is None or days[0] > days[1]:
            continue
        for day in list_days(*days):
            first = read_at.setdefault((call.client, day), call)
            if call.record.at - first.record.at >= MOVES_FOR:
                return shown(f"The figures of {day} were read again after 48 hours.", [first, call])
    return missing("No day was read again after 48 hours, when its figures are final.")
