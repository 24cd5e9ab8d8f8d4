"""Reports against given responses: what is requested, what comes of it, and what is noticed of wrong pages."""

import re
from datetime import date, timedelta

import pytest

from jobmeter.client import (
    LINKEDIN,
    Fault,
    ItemError,
    JobDay,
    JobReport,
    Limits,
    Money,
    RefusedError,
    UnreadableError,
    list_days,
)
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol
from tests.client.doubles import FakeTime, GivenResponses, open_given, refuse

FIRST = date(2026, 1, 20)
MISSING = {
    "code": "6013",
    "status": 404,
    "message": "No job posting information found for a given externalJobPostingIds: b.",
}


def write_date(day):
    return {"day": day.day, "month": day.month, "year": day.year}


def write_report(name, *metrics, **lifetime):
    report = {
        "jobPostingInfo": {"externalJobPostingId": name, "linkedInJobPostingId": 42, "jobTitle": "Pilot"}
    }
    if metrics:
        report["jobPerformanceMetrics"] = [
            {
                "date": write_date(day),
                "charge": {"currencyCode": "USD", "amount": amount},
                "applyClickCount": clicks,
                "viewCount": 40,
                "aNewField": {"of": "LinkedIn"},
            }
            for day, amount, clicks in metrics
        ]
    return report | lifetime


def read_query(request):
    return decode_query(request.url.query.decode(), Protocol.V2)


def read_span(request):
    ends = read_query(request)["dateRange"]
    return tuple(
        date(*(int(ends[name][part]) for part in ("year", "month", "day"))) for name in ("start", "end")
    )


class Pages:
    """Pages of reports by days, as a server has them; ``answers`` are what it answers wrongly, by the number of the request."""

    def __init__(self, jobs, wrong=None, has_total=True):
        self.jobs = jobs
        self.wrong = wrong or {}
        self.has_total = has_total
        self.number = 0

    def __call__(self, request):
        self.number += 1
        query = read_query(request)
        start, count = int(query["start"]), int(query["count"])
        change = self.wrong.get(self.number)
        if change is not None:
            start = change(self, start)
        first, _ = read_span(request)
        shown = [write_report(name, (first, "1.50", 1)) for name in self.jobs[start : start + count]]
        paging = {"start": start, "count": count, "links": []}
        if self.has_total:
            paging["total"] = len(self.jobs)
        return {"elements": shown, "paging": paging}


def names(count):
    return [f"job-{number}" for number in range(count)]


def test_a_range_by_days_is_requested_week_by_week_and_page_by_page():
    transport = GivenResponses(Pages(names(120)))
    with open_given(transport) as client:
        reports = list(client.reports.by_days(FIRST, FIRST + timedelta(days=9), partner_contract_id=5))
    asked = [(read_span(request), read_query(request)["start"]) for request in transport.requests]
    weeks = [(FIRST, FIRST + timedelta(days=6)), (FIRST + timedelta(days=7), FIRST + timedelta(days=9))]
    assert asked == [(week, start) for week in weeks for start in ("0", "50", "100")]
    assert all(read_query(request)["partnerContractId"] == "5" for request in transport.requests)
    assert [report.external_id for report in reports] == names(120) * 2
    assert [day.day for day in list_days(reports)] == [weeks[0][0]] * 120 + [weeks[1][0]] * 120


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2)])
def test_the_last_page_is_recognized(count, requests):
    transport = GivenResponses(Pages(names(count)))
    with open_given(transport) as client:
        assert len(list(client.reports.by_days(FIRST, FIRST))) == count
    assert len(transport.requests) == requests


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (50, 2), (70, 2)])
def test_pages_without_a_total_are_followed_until_one_is_not_full(count, requests):
    transport = GivenResponses(Pages(names(count), has_total=False))
    with open_given(transport) as client:
        assert len(list(client.reports.by_days(FIRST, FIRST))) == count
    assert len(transport.requests) == requests


def test_a_page_that_comes_twice_is_noticed_and_requested_again():
    transport = GivenResponses(Pages(names(120), wrong={2: lambda *_: 0, 3: lambda *_: 0}))
    world = FakeTime()
    with open_given(transport, world=world) as client:
        reports = [report.external_id for report in client.reports.by_days(FIRST, FIRST)]
    assert reports == names(120)
    assert len(world.waits) == 2


def test_jobs_that_move_between_pages_while_these_are_read_are_neither_lost_nor_doubled():
    """A job is added before the second page: that page repeats the last job of the first, and the new one is missing."""

    def add(pages, start):
        pages.jobs = ["new", *pages.jobs]
        return start

    transport = GivenResponses(Pages(names(120), wrong={2: add}))
    with open_given(transport) as client:
        reports = [report.external_id for report in client.reports.by_days(FIRST, FIRST)]
    assert sorted(reports) == sorted([*names(120), "new"])


def test_pages_that_remain_incomplete_are_an_error():
    def answer(request):
        return Pages(names(60))(request) | {"elements": [write_report("job-0")]}

    transport = GivenResponses(answer)
    with open_given(transport) as client, pytest.raises(UnreadableError, match="1 jobs of 60"):
        list(client.reports.by_days(FIRST, FIRST))


def test_a_total_that_is_too_large_ends_with_the_first_empty_page():
    transport = GivenResponses(
        lambda _: {"elements": [], "paging": {"start": 0, "count": 50, "total": 10**12}}
    )
    with open_given(transport) as client, pytest.raises(UnreadableError):
        list(client.reports.by_days(FIRST, FIRST))
    assert len(transport.requests) == 3


def test_a_response_for_other_days_is_noticed():
    transport = GivenResponses(lambda _: {"elements": [write_report("a", (date(2025, 1, 1), "1", 1))]})
    limits = Limits(attempts_max=2)
    with open_given(transport, limits=limits) as client, pytest.raises(UnreadableError, match="2025-01-01"):
        list(client.reports.by_days(FIRST, FIRST))


def test_reports_by_ids_are_requested_month_by_month_and_joined():
    def answer(request):
        first, last = read_span(request)
        asked = read_query(request)["ids"]
        return {
            "results": {name: write_report(name, (first, "1.50", 1), (last, "0.75", 2)) for name in asked},
            "errors": {},
        }

    transport = GivenResponses(answer)
    with open_given(transport) as client:
        reports = list(client.reports.by_ids(names(12), FIRST, date(2026, 3, 4)))
    asked = [(read_span(request), len(read_query(request)["ids"])) for request in transport.requests]
    spans = [
        (FIRST, date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 4)),
    ]
    assert asked == [(span, 10) for span in spans] + [(span, 2) for span in spans]
    assert [report.external_id for report in reports] == names(12)
    assert [day.day for day in reports[0].days] == [day for span in spans for day in span]
    assert reports[0].days[1] == JobDay("job-0", date(2026, 1, 31), 40, 2, Money(750_000, "USD"))


def test_an_id_that_is_in_no_report_is_an_error_of_its_own():
    def answer(request):
        first, _ = read_span(request)
        found = {"a": write_report("a", (first, "1", 1))}
        if first.month == 2:
            return {"results": found, "errors": {"b": MISSING}, "statuses": {}}
        return {"results": {}, "errors": {"a": MISSING, "b": MISSING}}

    transport = GivenResponses(answer)
    with open_given(transport) as client:
        found = list(client.reports.by_ids(["a", "b"], FIRST, date(2026, 2, 2)))
    assert isinstance(found[0], JobReport)
    assert [day.day for day in found[0].days] == [date(2026, 2, 1)]
    assert isinstance(found[1], ItemError)
    assert (found[1].external_id, found[1].error.fault) == ("b", Fault.JOB_NOT_REPORTED)


def test_a_response_about_another_job_is_noticed():
    transport = GivenResponses(lambda _: {"results": {"z": write_report("z")}, "errors": {}})
    limits = Limits(attempts_max=2)
    with open_given(transport, limits=limits) as client, pytest.raises(UnreadableError, match="'z'"):
        list(client.reports.by_ids(["a"], FIRST, FIRST))


def test_ids_are_escaped_and_the_range_is_that_of_the_protocol():
    transport = GivenResponses(lambda _: {"results": {}, "errors": {}})
    with open_given(transport, server=LINKEDIN) as client:
        assert list(client.reports.by_ids(["weird,(id):'x' é", "plain"], FIRST, FIRST)) == []
    (request,) = transport.requests
    assert request.url.host == "api.linkedin.com"
    query = request.url.raw_path.decode().partition("?")[2]
    assert "ids=List(weird%2C%28id%29%3A%27x%27%20%C3%A9,plain)" in query
    assert re.search(r"dateRange=\(start:\(year:2026,month:1,day:20\),end:\(", query)
    assert request.headers["linkedin-version"] == "202504"
    assert request.headers["x-restli-protocol-version"] == "2.0.0"


def test_the_rows_of_a_report_have_its_values():
    lifetime = {
        "lifetimeJobBudgetInfo": {
            "lifetimeBudgetSpent": {"currencyCode": "JPY", "amount": "500"},
            "lifetimeBudgetLimit": {"currencyCode": "JPY", "amount": "9000"},
        }
    }
    info = {
        "externalJobPostingId": "a",
        "closeAt": 1_748_628_480_000,
        "companyDetails": {"companyName": "Dev"},
    }
    transport = GivenResponses(
        lambda _: {"results": {"a": write_report("a", **lifetime) | {"jobPostingInfo": info}}, "errors": {}}
    )
    with open_given(transport) as client:
        (report,) = client.reports.by_ids(["a"], FIRST, FIRST)
    assert (report.days, report.job_id, report.company_name) == ((), None, "Dev")
    assert report.closed_at.isoformat() == "2025-05-30T18:08:00+00:00"
    assert (report.lifetime_spent, report.lifetime_limit) == (
        Money(500 * 10**6, "JPY"),
        Money(9 * 10**9, "JPY"),
    )


@pytest.mark.parametrize(
    ("amount", "micros"),
    [("1.23", 1_230_000), ("100000", 10**11), ("-0.5", -500_000), ("1.5000000000", 1_500_000), ("0", 0)],
)
def test_amounts_are_read_exactly(amount, micros):
    transport = GivenResponses(lambda _: {"elements": [write_report("a", (FIRST, amount, 1))]})
    with open_given(transport) as client:
        ((day,),) = (report.days for report in client.reports.by_days(FIRST, FIRST))
    assert day.charge == Money(micros, "USD")


@pytest.mark.parametrize("amount", ["1e3", "1,50", "", "0.0000001", "NaN", "9" * 13])
def test_an_amount_that_cannot_be_kept_exactly_is_an_error(amount):
    transport = GivenResponses(lambda _: {"elements": [write_report("a", (FIRST, amount, 1))]})
    limits = Limits(attempts_max=1)
    with open_given(transport, limits=limits) as client, pytest.raises(UnreadableError):
        list(client.reports.by_days(FIRST, FIRST))


def test_an_error_ends_the_stream_after_what_was_read():
    pages, answers = Pages(names(60)), []

    def answer(request):
        answers.append(request)
        return pages(request) if len(answers) == 1 else refuse(400, serviceErrorCode=6009, message="too old")

    with open_given(GivenResponses(answer)) as client:
        reports = client.reports.by_days(FIRST, FIRST)
        seen = [next(reports).external_id for _ in range(50)]
        with pytest.raises(RefusedError) as refused:
            next(reports)
    assert refused.value.code == 6009
    assert seen == names(50)
