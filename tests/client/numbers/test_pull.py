"""A pull into each destination has exactly what the server reports: after changes, failures and ends at any request."""

from datetime import timedelta
from random import Random

import httpx2
import pytest

from jobmeter.base.days import one_year_before
from jobmeter.cli.partner.pull import PARTLY, TRY_AGAIN, choose_exit_code
from jobmeter.client import LINKEDIN
from jobmeter.pull.destinations.choice import open_destination
from jobmeter.pull.destinations.protocol import DestinationBusyError
from jobmeter.pull.reading.streams import CHARGES, INVOICE_LINES, INVOICES, JOB_DAYS, JOBS, Caller
from tests.client.doubles import (
    URL,
    AppTransport,
    FailingTransport,
    GivenResponses,
    make_client,
    open_given,
    read_charges,
    refuse,
)
from tests.client.numbers.places import (
    KINDS,
    make_address,
    make_application,
    read_reported,
    read_rows,
    read_stored,
    run_pull,
)
from tests.conftest import TEMPLATE, make_database
from tests.stories.operator.billing.scene import open_invoiced_partner
from tests.support.sandbox_client import make_event, open_sandbox_client

JOBS_POSTED, DAYS = 6, 4
PRICE_MICROS = 1_500_000
TOTAL_MICROS = sum(number % 3 for number in range(JOBS_POSTED)) * DAYS * PRICE_MICROS


class Counting(httpx2.BaseTransport):
    """Passes requests to the application in this process, and keeps their paths; ends the process at one of them."""

    def __init__(self, sandbox_client, *, dies_at=0):
        self._inner = AppTransport(sandbox_client)
        self._dies_at = dies_at
        self.paths = []

    def handle_request(self, request):
        self.paths.append(request.url.path)
        if len(self.paths) == self._dies_at:
            raise SystemExit(request.url.path)
        return self._inner.handle_request(request)


def click(sandbox_client, jobs, name, *, clicks=lambda number: number % 3, time_ms=None):
    at = time_ms or sandbox_client.now_ms
    events = [make_event(job_id, f"{name}-v{number}", at) for number, job_id in enumerate(jobs)]
    events += [
        make_event(job_id, f"{name}-{number}-{count}", at + count, type="applyClick")
        for number, job_id in enumerate(jobs)
        for count in range(clicks(number))
    ]
    assert sandbox_client.send(events).json()["rejected"] == 0


def make_history(sandbox_client):
    """Posts jobs and clicks on them on each of four days, of which the last three are estimates. Returns the jobs."""
    posted = [sandbox_client.post_job(f"=fitter-{number}") for number in range(JOBS_POSTED)]
    for number in range(DAYS):
        click(sandbox_client, posted, f"day-{number}")
        sandbox_client.advance("1d")
    return posted


@pytest.fixture(scope="module")
def history(cluster_url):
    """A sandbox with a history, in this process. No test changes what it has."""
    made = make_database(cluster_url, TEMPLATE)
    with open_sandbox_client(next(made)) as sandbox_client:
        make_history(sandbox_client)
        yield sandbox_client
    made.close()


def open_as(sandbox_client, transport=None):
    """Opens clients for the applications ``child`` and ``parent``, in this process."""
    return lambda application: make_client(sandbox_client, application.name, transport=transport)


def check_equal(sandbox_client, address):
    today = sandbox_client.now.date()
    with make_client(sandbox_client) as child:
        reported = read_reported(child, today - timedelta(days=40), today - timedelta(days=1))
    stored = read_stored(address, "child")
    if address.startswith("csv:"):  # a formula in a spreadsheet
        reported = {(f"'{external_id}", day): figures for (external_id, day), figures in reported.items()}
    assert stored == reported
    assert len(stored) >= JOBS_POSTED * DAYS


def recently(sandbox_client, days=12):
    """From some days before the history on: what is pulled by default is a year, which takes a while."""
    today = sandbox_client.now.date()
    return {"today": today, "first": today - timedelta(days=days)}


def pull_child(sandbox_client, address, *, transport=None, is_whole=False, **changed):
    span = recently(sandbox_client)
    destination = open_destination(address)
    try:
        (outcome,) = run_pull(
            destination,
            open_as(sandbox_client, transport),
            make_application("child", **changed),
            **(span | {"first": None} if is_whole else span),
        )
    finally:
        destination.close()
    assert outcome.error == ""
    return outcome


@pytest.mark.parametrize("kinds", [("parquet", "duckdb"), pytest.param(KINDS, marks=pytest.mark.slow)])
def test_each_destination_has_what_the_server_reports_and_follows_its_changes(
    sandbox_client, tmp_path, database_url, kinds
):
    """The first one has a year. The other destinations are those of the tests below."""
    jobs = make_history(sandbox_client)
    places = {kind: make_address(kind, tmp_path, database_url) for kind in kinds}
    early = f"sqlite:{tmp_path}/early.db"
    year = 2 * (sandbox_client.now.date() - one_year_before(sandbox_client.now.date())).days
    for address in places.values():
        is_whole = address == places[kinds[0]]
        outcome = pull_child(sandbox_client, address, is_whole=is_whole)
        assert (outcome.days, outcome.rows["job_days"]) == (year if is_whole else 2 * 12, JOBS_POSTED * DAYS)
        check_equal(sandbox_client, address)
        assert len(read_rows(address, "jobs")) == JOBS_POSTED
    pull_child(sandbox_client, early, final_after_days=1)

    late = sandbox_client.now_ms - 24 * 3_600_000
    click(sandbox_client, jobs[:1], "late", clicks=lambda _: 2, time_ms=late)
    with make_client(sandbox_client) as child:
        read_charges(child, TOTAL_MICROS + 2 * PRICE_MICROS)
    outcome = pull_child(sandbox_client, early, final_after_days=1)
    assert outcome.days == 2  # the restated day, of reports and of clicks that were not charged
    check_equal(sandbox_client, early)

    sandbox_client.advance("1d")
    for address in places.values():
        outcome = pull_child(sandbox_client, address)
        assert outcome.days == 2 * 3  # the final ones of before are not requested
        check_equal(sandbox_client, address)
        assert len(read_rows(address, "jobs")) == JOBS_POSTED


@pytest.mark.parametrize("kind", ["csv", "sqlite"])
def test_a_pull_that_ends_at_any_request_is_continued(kind, history, tmp_path, database_url):
    """Each of these pulls dies a few requests after the one before: nothing is lost, nothing is there twice."""
    address = make_address(kind, tmp_path, database_url)
    first = history.now.date() - timedelta(days=30)
    deaths = 0
    for dies_at in range(3, 60):
        destination = open_destination(address)
        try:
            run_pull(
                destination,
                open_as(history, Counting(history, dies_at=dies_at)),
                make_application("child"),
                today=history.now.date(),
                first=first,
            )
            break
        except SystemExit:
            deaths += 1
        finally:
            destination.close()
    assert deaths >= 2
    check_equal(history, address)


def test_a_stream_that_is_added_later_is_complete(history, tmp_path, database_url):
    address = make_address("sqlite", tmp_path, database_url)
    pull_child(history, address, streams=(JOB_DAYS,))
    pull_child(history, address, streams=(JOB_DAYS, JOBS, CHARGES))
    assert len(read_rows(address, "jobs")) == JOBS_POSTED
    with make_client(history) as child:
        read_charges(child, TOTAL_MICROS)
    pull_child(history, address, streams=(JOB_DAYS, JOBS, CHARGES))
    assert sum(row["amount_micros"] for row in read_rows(address, "charges")) == TOTAL_MICROS
    check_equal(history, address)


def test_a_pull_over_a_network_that_fails_is_complete(history, tmp_path, database_url):
    address = make_address("sqlite", tmp_path, database_url)
    transport = FailingTransport(AppTransport(history), Random(3), share=0.3)
    pull_child(history, address, transport=transport, is_whole=True)
    assert len(transport.counts) > 4
    check_equal(history, address)


@pytest.mark.parametrize("kind", ["csv", "postgresql"])
def test_a_partner_pulls_budget_charges_and_restatements(kind, history, tmp_path, database_url):
    address = make_address(kind, tmp_path, database_url)
    with make_client(history, "parent") as parent:
        charges = read_charges(parent, TOTAL_MICROS)
    for _ in range(2):
        destination = open_destination(address)
        partner = make_application("parent", caller=Caller.PARTNER)
        (outcome,) = run_pull(destination, open_as(history), partner, **recently(history))
        destination.close()
        assert outcome.error == ""
        (row,) = read_rows(address, "budget")
        assert row["spent_micros"] == TOTAL_MICROS
        stored = read_rows(address, "charges") + read_rows(address, "restatements")
        assert sorted(one["cursor"] for one in stored) == [one.cursor for one in charges]
        assert sum(one.get("amount_micros", 0) for one in stored) == TOTAL_MICROS


def test_the_failure_of_one_application_does_not_stop_the_others(history, tmp_path, database_url):
    address = make_address("sqlite", tmp_path, database_url)

    def open_client(application):
        if application.name == "child":
            return make_client(history)
        status = 401 if application.name == "wrong" else 503
        refused = httpx2.Response(status, json={"error": "invalid_client", "error_description": "no"})
        return open_given(GivenResponses(lambda _: refused))

    applications = [make_application(name) for name in ("wrong", "child", "down")]
    destination = open_destination(address)
    outcomes = run_pull(destination, open_client, *applications, **recently(history))
    destination.close()
    by_name = {one.application: one for one in outcomes}
    assert (by_name["child"].error, by_name["wrong"].is_temporary, by_name["down"].is_temporary) == (
        "",
        False,
        True,
    )
    assert "HTTP 503" in by_name["down"].error
    assert choose_exit_code(outcomes) == PARTLY
    assert choose_exit_code([by_name["child"], by_name["down"]]) == TRY_AGAIN
    assert choose_exit_code([by_name["child"]]) == 0
    check_equal(history, address)


def test_an_application_with_other_contracts_than_before_is_refused_until_it_is_pulled_again(
    history, tmp_path, database_url
):
    address = make_address("sqlite", tmp_path, database_url)
    pull_child(history, address)
    other = make_application("child", contracts=(history.credentials["partner_contract_id"],))
    destination = open_destination(address)
    (outcome,) = run_pull(destination, open_as(history), other, **recently(history))
    assert "--again" in outcome.error
    destination.drop("child")
    (outcome,) = run_pull(destination, open_as(history), other, **recently(history))
    destination.close()
    assert outcome.error == ""
    check_equal(history, address)


@pytest.mark.parametrize("kind", ["csv", "sqlite", "postgresql"])
def test_of_two_pulls_at_once_one_is_refused(kind, history, tmp_path, database_url):
    """The second one has read the state before the first one stored anything."""
    address = make_address(kind, tmp_path, database_url)
    first = open_destination(address)
    if kind == "csv":
        with pytest.raises(DestinationBusyError, match="another pull"):
            open_destination(address)
        first.close()
        return
    second = open_destination(address)
    span, application = recently(history), make_application("child")
    second.read_states()
    (outcome,) = run_pull(first, open_as(history), application, **span)
    assert outcome.error == ""
    late = Late(second)
    (outcome,) = run_pull(late, open_as(history), application, **span)
    assert outcome.is_temporary
    assert "another pull" in outcome.error
    first.close()
    second.close()
    check_equal(history, address)


class Late:
    """A destination whose states are those of before, as if the other pull had stored its first step just now."""

    def __init__(self, destination):
        self.store = destination.store

    def read_states(self):
        return {}


def test_nothing_is_requested_of_linkedin_that_it_does_not_have(history, tmp_path, database_url):
    transport = GivenResponses(lambda _: {"elements": [], "paging": {"start": 0, "count": 50, "total": 0}})
    application = make_application("acme", server=LINKEDIN, final_after_days=4)
    destination = open_destination(make_address("sqlite", tmp_path, database_url))
    today = history.now.date()
    (outcome,) = run_pull(
        destination,
        lambda _: open_given(transport, server=LINKEDIN),
        application,
        today=today,
        first=today - timedelta(days=9),
    )
    destination.close()
    assert (outcome.error, outcome.days) == ("", 9)
    assert {request.url.path for request in transport.requests} == {"/rest/partnerJobReports"}
    assert application.streams == (JOB_DAYS, JOBS)


def test_a_limit_of_calls_ends_a_pull_that_the_next_one_continues(history, tmp_path, database_url):
    """A 429 until tomorrow: what was read is stored."""
    pages = {"elements": [], "paging": {"start": 0, "count": 50, "total": 0}}
    answers = [pages, pages]
    day_over = refuse(429, message="Resource level throttle DAY limit")
    day_over.headers["retry-after"] = "80000"
    transport = GivenResponses(lambda _: answers.pop() if answers else day_over)
    application = make_application("acme", server=LINKEDIN)
    today = history.now.date()
    days = []
    for _ in range(2):
        destination = open_destination(make_address("csv", tmp_path, database_url))
        (outcome,) = run_pull(
            destination, lambda _: open_given(transport, server=LINKEDIN), application, today=today
        )
        destination.close()
        assert outcome.is_temporary
        days.append(outcome.days)
        answers += [pages]
    assert days[0] > 0
    assert days[1] > 0
    assert URL not in outcome.error


def test_the_lines_of_an_invoice_are_pulled_once_and_what_is_open_each_time(
    sandbox_client, tmp_path, database_url
):
    invoiced = open_invoiced_partner(sandbox_client)
    address = make_address("jsonl", tmp_path, database_url)
    partner = make_application("parent", caller=Caller.PARTNER, streams=(INVOICES, INVOICE_LINES))
    invoiced.use_credits("one", "two")
    invoiced.end_month()
    requested = []
    for _ in range(2):
        counting = Counting(sandbox_client)
        destination = open_destination(address)
        (outcome,) = run_pull(
            destination, open_as(sandbox_client, counting), partner, today=sandbox_client.now.date()
        )
        destination.close()
        assert outcome.error == ""
        requested.append(len([path for path in counting.paths if path.endswith("/lines")]))
    assert requested == [1, 0]
    invoices, lines = read_rows(address, "invoices"), read_rows(address, "invoice_lines")
    assert [row["total_micros"] for row in invoices] == [200_000_000]
    assert {row["invoice_id"] for row in lines} == {row["invoice_id"] for row in invoices}
    assert sum(row["net_micros"] for row in lines) == sum(row["net_micros"] for row in invoices)
