"""One story through the client, from the token to the final report: in this process, over a network that fails, over HTTP.

Whatever the network does, each job is posted once, and each of its days is reported once.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random

import httpx2
import pytest

from jobmeter.base.clock import from_ms
from jobmeter.base.days import month_after
from jobmeter.client import Client, JobPosting, JobReport, Money, Surroundings, Task, jobmeter_at, list_days
from tests.client.doubles import PATIENT, AppTransport, FailingTransport, make_client, nap, read_charges
from tests.support.sandbox_client import SandboxClient, make_event
from tests.support.server_process import start_sandbox_server

JOBS = 110  # more than a batch, more than two pages
PRICE_MICROS = 1_500_000
ROUNDS_MAX = 20


def make_posting(number: int, contract_urn: str, listed_at) -> JobPosting:
    return JobPosting(
        external_id=f"pilot-{number}",
        title=f"Pilot {number}",
        description=f"You bring ships into the harbour and out again. {number} " * 4,
        apply_url="https://careers.example.com/pilot",
        listed_at=listed_at,
        location="Rotterdam, Netherlands",
        contract_urn=contract_urn,
        company_name="Harbour Logistics",
        total_budget=Money(30_000_000, "USD"),
    )


def clicks_of(number: int) -> int:
    return number % 3


def post_all(child: Client, sandbox_client: SandboxClient, jobs: int) -> dict[str, int]:
    """Posts the jobs and returns their ids."""
    contract = child.contracts.set_up(sandbox_client.credentials["partner_contract_id"])
    listed_at = from_ms(sandbox_client.now_ms - 1_000)
    postings = [make_posting(number, contract.urn, listed_at) for number in range(jobs)]
    tasks = list(child.jobs.post(one.make_element("CREATE") for one in postings))
    assert [task for task in tasks if not isinstance(task, Task) or task.status != "SUCCEEDED"] == []
    found = {task.external_id: task.job_id for task in tasks}
    assert sorted(found) == sorted(one.external_id for one in postings)
    assert len({*found.values()}) == len(tasks) == jobs
    return found


def click_all(sandbox_client: SandboxClient, jobs: dict[str, int], day: str) -> None:
    at = sandbox_client.now_ms
    events = [make_event(job_id, f"{day}-{job_id}", at) for job_id in jobs.values()]
    events += [
        make_event(job_id, f"{day}-{job_id}-{count}", at + count, type="applyClick")
        for number, job_id in enumerate(jobs[f"pilot-{n}"] for n in range(len(jobs)))
        for count in range(clicks_of(number))
    ]
    assert sandbox_client.send(events).json()["rejected"] == 0


def check_reports(parent: Client, child: Client, days: tuple[date, date], jobs: int) -> None:
    clicks = sum(map(clicks_of, range(jobs)))
    by_days = list(child.reports.by_days(*days))
    by_ids = list(child.reports.by_ids((f"pilot-{number}" for number in range(jobs)), *days))
    rows = sorted(list_days(by_days), key=lambda row: (int(row.external_id.partition("-")[2]), row.day))
    assert rows == list(list_days(by_ids))
    keys = [(row.external_id, row.day) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * jobs
    assert sum(row.apply_clicks for row in rows) == 2 * clicks
    assert sum(row.charge.amount_micros for row in rows if row.charge) == 2 * clicks * PRICE_MICROS
    assert all(isinstance(report, JobReport) for report in by_ids)
    assert parent.reports.budget().spent.amount_micros == 2 * clicks * PRICE_MICROS
    charges = read_charges(child, 2 * clicks * PRICE_MICROS)
    assert len({charge.reference for charge in charges}) == len(charges)


def play(parent: Client, sandbox_client: SandboxClient, jobs: int) -> Callable[[], None]:
    """Two days of clicks, in two months, so that reports by ids are two requests. Returns the check of the reports."""
    month = month_after((sandbox_client.now.date() + timedelta(days=1)).replace(day=1))
    sandbox_client.set_clock(datetime.combine(month, time(9), UTC) - timedelta(days=1))
    new = parent.applications.create(
        unique_foreign_id="harbour", name="An ATS - Harbour", description="Pilots"
    )
    found = parent.applications.find("harbour")
    assert found is not None
    assert (found.urn, found.client_id) == (new.urn, new.client_id)
    child = parent.for_application(client_id=new.client_id, client_secret=new.client_secret)
    posted = post_all(child, sandbox_client, jobs)
    first = sandbox_client.now.date()
    click_all(sandbox_client, posted, "first")
    sandbox_client.advance("1d")
    click_all(sandbox_client, posted, "second")
    last = sandbox_client.now.date()
    sandbox_client.advance("1d")
    check = partial(check_reports, parent, child, days=(first, last), jobs=jobs)
    check()
    (closed,) = child.jobs.post(
        [make_posting(0, "urn:li:contract:1", sandbox_client.now).make_element("CLOSE")]
    )
    assert isinstance(closed, Task)
    assert closed.status in {"SUCCEEDED", "PROCESSED"}
    (status,) = child.jobs.read_statuses(["pilot-0"])
    assert (status.listing_status, status.promotion_status) == ("NOT_LISTED", "NOT_PROMOTED")
    return check


def test_the_story_in_this_process(sandbox_client):
    with make_client(sandbox_client, "parent") as parent:
        play(parent, sandbox_client, JOBS)


def test_the_story_over_a_network_that_fails(sandbox_client):
    transport = FailingTransport(AppTransport(sandbox_client), Random(11), share=0.4)
    with make_client(sandbox_client, "parent", transport=transport) as parent:
        check = play(parent, sandbox_client, 55)
        for _ in range(ROUNDS_MAX):
            if set(transport.counts) == set(transport._ways):
                break
            check()
    assert set(transport.counts) == set(transport._ways), "some kinds of failure did not occur"


def test_threads_read_the_same_over_a_network_that_fails(sandbox_client):
    """They share the client, its connections and its token; each sees all jobs, once."""
    posted = {f"pilot-{number}": sandbox_client.post_job(f"pilot-{number}") for number in range(3)}
    day = sandbox_client.now.date()
    click_all(sandbox_client, posted, "only")
    sandbox_client.advance("1d")
    transport = FailingTransport(AppTransport(sandbox_client), Random(5), share=0.3)
    with make_client(sandbox_client, transport=transport) as child, ThreadPoolExecutor(8) as pool:
        readings = [pool.submit(lambda: list(child.reports.by_days(day, day))) for _ in range(24)]
        results = [reading.result() for reading in readings]
    assert [report.external_id for report in results[0]] == sorted(posted)
    assert all(result == results[0] for result in results)
    assert sum(transport.counts.values()) > 0


@pytest.fixture
def remote(database_url, tmp_path):
    """A sandbox in a process of its own, and its actions."""
    with start_sandbox_server(database_url, tmp_path) as credentials:
        base_url = credentials["base_url"]
        with httpx2.Client(base_url=base_url, timeout=60, trust_env=False) as http:
            yield SandboxClient(http, credentials)


def test_the_story_over_http(remote):
    keys = remote.credentials["parent"]
    with Client(
        jobmeter_at(remote.credentials["base_url"]),
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
        limits=PATIENT,
        surroundings=Surroundings(sleep=nap),
    ) as parent:
        play(parent, remote, 20)
