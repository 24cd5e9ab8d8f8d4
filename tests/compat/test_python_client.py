"""LinkedIn's official Python client, unmodified, makes every call of a P4P integration against a sandbox."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.common import constants

from jobmeter.base.money import format_amount
from jobmeter.client import Client, ItemError, JobReport, jobmeter_at, list_days
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import make_event
from tests.support.server_process import start_sandbox_server

VERSION = "202504"


@pytest.fixture(scope="module")
def sandbox(cluster_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A running sandbox for all tests; each that needs figures has a customer of its own."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox(database_url, tmp_path_factory.mktemp("sandbox")) as opened:
            yield opened


@contextmanager
def open_sandbox(database_url: str, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The client's base URLs point to it, as the documentation of its constants allows."""
    before = constants.OAUTH_BASE_URL, constants.VERSIONED_BASE_URL, constants.NON_VERSIONED_BASE_URL
    with start_sandbox_server(database_url, tmp_path) as credentials, RestliClient().session as session:
        client = RestliClient()
        client.session = session
        constants.OAUTH_BASE_URL = f"{credentials['base_url']}/oauth/v2"
        constants.VERSIONED_BASE_URL = f"{credentials['base_url']}/rest"
        constants.NON_VERSIONED_BASE_URL = f"{credentials['base_url']}/v2"
        yield SimpleNamespace(credentials=credentials, client=client)
    constants.OAUTH_BASE_URL, constants.VERSIONED_BASE_URL, constants.NON_VERSIONED_BASE_URL = before


def fetch_token(keys: dict) -> str:
    auth = AuthClient(client_id=keys["client_id"], client_secret=keys["client_secret"])
    with auth.session:
        answer = auth.get_two_legged_access_token()
    assert answer.status_code == 200
    assert answer.expires_in == 1800
    return answer.access_token


def advance(credentials: dict, span: str) -> None:
    httpx2.post(
        f"{credentials['base_url']}/sandbox/clock",
        json={"advance": span},
        headers={"Authorization": f"Bearer {credentials['operator_key']}"},
    ).raise_for_status()


def read_clock_ms(credentials: dict) -> int:
    shown = httpx2.get(
        f"{credentials['base_url']}/sandbox/clock",
        headers={"Authorization": f"Bearer {credentials['operator_key']}"},
    )
    return shown.json()["nowMs"]


def element(external_id: str, contract: str) -> dict:
    return {
        "externalJobPostingId": external_id,
        "jobPostingOperationType": "CREATE",
        "title": f"Pilot {external_id} é☺",
        "description": f"You bring ships into the harbour. {external_id} " * 4,
        "companyApplyUrl": "https://careers.example.com/pilot",
        "companyName": "Harbour Logistics",
        "listedAt": 1_795_000_000_000,
        "location": "Rotterdam, Netherlands",
        "contract": contract,
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    }


def days_of(first: date, last: date) -> dict:
    start, end = ({"year": day.year, "month": day.month, "day": day.day} for day in (first, last))
    return {"start": start, "end": end}


def provision(sandbox: SimpleNamespace, name: str) -> tuple[dict, str]:
    """Creates a customer: its application and its contract."""
    client, credentials = sandbox.client, sandbox.credentials
    parent = fetch_token(credentials["parent"])
    made = client.create(
        resource_path="/provisionedApplications",
        access_token=parent,
        entity={"uniqueForeignId": name, "name": f"An ATS - {name}", "description": "Pilots"},
    )
    assert made.status_code == 201
    found = client.finder(
        resource_path="/provisionedApplications",
        finder_name="credentialsByUniqueForeignId",
        query_params={"uniqueForeignId": name},
        access_token=parent,
    )
    (application,) = found.elements
    assert application["key"] == made.entity_id
    assert "client_secret" not in application["credentials"]
    keys = made.response.json()["credentials"]
    setup = client.action(
        resource_path="/provisionedHiringContracts",
        action_name="setup",
        action_params={"partnerContractId": credentials["partner_contract_id"]},
        access_token=fetch_token(keys),
        version_string=VERSION,
    )
    assert setup.value["key"] == made.entity_id
    return keys, setup.value["contract"]


def post_and_await(sandbox: SimpleNamespace, token: str, elements: list[dict]) -> list[int]:
    """Posts jobs and polls their tasks as the client's users do; returns the job ids in order."""
    posted = sandbox.client.batch_create(
        resource_path="/simpleJobPostings", entities=elements, access_token=token, version_string=VERSION
    )
    assert [row.status for row in posted.elements] == [202] * len(elements)
    urns = [row.id for row in posted.elements]
    for _ in range(200):
        tasks = sandbox.client.batch_get(
            resource_path="/simpleJobPostingTasks", ids=urns, access_token=token, version_string=VERSION
        )
        if all(tasks.results[urn]["status"] == "SUCCEEDED" for urn in urns):
            return [int(tasks.results[urn]["jobPosting"].rsplit(":", 1)[-1]) for urn in urns]
        time.sleep(0.05)
    raise AssertionError(tasks.results)


def test_the_official_client_posts_a_job_and_reads_its_report(sandbox: SimpleNamespace) -> None:
    client, credentials = sandbox.client, sandbox.credentials
    keys, contract = provision(sandbox, "Harbour")
    spent = read_spent(sandbox)
    token = fetch_token(keys)
    jobs = post_and_await(sandbox, token, [element(f"pilot-{n}", contract) for n in range(5)])
    at = read_clock_ms(credentials)
    events = [make_event(job, f"{job}-{n}", at + n, type="applyClick") for job in jobs for n in range(2)]
    sent = httpx2.post(
        f"{credentials['base_url']}/events",
        json=events,
        headers={"Authorization": f"Bearer {credentials['events_key']}"},
    ).json()
    assert sent["accepted"] == 10
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    advance(credentials, "1d")
    token = fetch_token(keys)

    by_ids = client.batch_get(
        resource_path="/partnerJobReports",
        ids=["pilot-0", "weird,(id):'x' é"],
        query_params={"dateRange": days_of(day, day)},
        access_token=token,
        version_string=VERSION,
    )
    (metrics,) = by_ids.results["pilot-0"]["jobPerformanceMetrics"]
    assert (metrics["charge"]["amount"], metrics["applyClickCount"]) == ("3.00", 2)
    assert by_ids.errors["weird,(id):'x' é"]["status"] == 404

    seen, start = [], 0
    while start is not None:
        page = client.finder(
            resource_path="/partnerJobReports",
            finder_name="dateRange",
            query_params={"dateRange": days_of(day, day), "start": start, "count": 2},
            access_token=token,
            version_string=VERSION,
        )
        seen += [report["jobPostingInfo"]["externalJobPostingId"] for report in page.elements]
        start = page.paging.start + 2 if page.paging.start + 2 < page.paging.total else None
    assert seen == [f"pilot-{n}" for n in range(5)]

    assert read_spent(sandbox) - spent == Decimal("15.00")


def read_spent(sandbox: SimpleNamespace) -> Decimal:
    """What the partner's customers have spent together."""
    budget = sandbox.client.get(
        resource_path="/partnerBudgetReports",
        query_params={"partnerContractId": sandbox.credentials["partner_contract_id"]},
        access_token=fetch_token(sandbox.credentials["parent"]),
        version_string=VERSION,
    )
    return Decimal(budget.entity["partnerBudgetDetails"][0]["serviceTermBudgetSpent"]["amount"])


def figures_of(report: dict) -> list[tuple]:
    name = report["jobPostingInfo"]["externalJobPostingId"]
    return [
        (name, date(**row["date"]), row["charge"]["amount"], row["applyClickCount"], row["viewCount"])
        for row in report["jobPerformanceMetrics"]
    ]


def our_figures(reports: Iterable[JobReport | ItemError]) -> list[tuple]:
    return [
        (
            row.external_id,
            row.day,
            format_amount(row.charge.amount_micros, row.charge.currency),
            row.apply_clicks,
            row.views,
        )
        for row in list_days(reports)
    ]


def test_our_client_gets_the_same_data_for_the_same_questions(sandbox: SimpleNamespace) -> None:
    client, credentials = sandbox.client, sandbox.credentials
    keys, contract = provision(sandbox, "Quay")
    jobs = post_and_await(
        sandbox, fetch_token(keys), [element(f"pilot-{n:02d}", contract) for n in range(60)]
    )
    at = read_clock_ms(credentials)
    events = [
        make_event(job, f"{job}-{n}", at + n, type="applyClick") for job in jobs for n in range(job % 4)
    ]
    httpx2.post(
        f"{credentials['base_url']}/events",
        json=events + [make_event(job, f"{job}-v", at) for job in jobs],
        headers={"Authorization": f"Bearer {credentials['events_key']}"},
    ).raise_for_status()
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    advance(credentials, "1d")
    token, ids = fetch_token(keys), [f"pilot-{n:02d}" for n in range(10)]
    asked = {"access_token": token, "version_string": VERSION, "resource_path": "/partnerJobReports"}
    by_ids = client.batch_get(ids=ids, query_params={"dateRange": days_of(day, day)}, **asked)
    pages = [
        client.finder(
            finder_name="dateRange",
            query_params={"dateRange": days_of(day, day), "start": start, "count": 50},
            **asked,
        ).elements
        for start in (0, 50)
    ]
    with Client(
        jobmeter_at(credentials["base_url"]),
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
    ) as ours:
        found = our_figures(ours.reports.by_ids(ids, day, day))
        assert found == [row for name in ids for row in figures_of(by_ids.results[name])]
        found = our_figures(ours.reports.by_days(day, day))
        assert found == [row for page in pages for report in page for row in figures_of(report)]
        assert len(found) == len(jobs)


def test_a_long_batch_get_is_tunnelled(sandbox: SimpleNamespace) -> None:
    """The client tunnels queries over 4,000 characters, here with more than eighty task URNs."""
    keys = sandbox.credentials["child"]
    token = fetch_token(keys)
    contract = f"urn:li:contract:{sandbox.credentials['customer_contract_id']}"
    posted = sandbox.client.batch_create(
        resource_path="/simpleJobPostings",
        entities=[element(f"tunnel-{n}", contract) for n in range(90)],
        access_token=token,
        version_string=VERSION,
    )
    urns = [row.id for row in posted.elements]

    tasks = sandbox.client.batch_get(
        resource_path="/simpleJobPostingTasks", ids=urns, access_token=token, version_string=VERSION
    )

    assert tasks.response.request.method == "POST"
    assert set(tasks.results) == set(urns)


def test_introspection_reports_an_active_token(sandbox: SimpleNamespace) -> None:
    keys = sandbox.credentials["child"]
    auth = AuthClient(client_id=keys["client_id"], client_secret=keys["client_secret"])
    with auth.session:
        known = auth.introspect_access_token(access_token=fetch_token(keys))
        unknown = auth.introspect_access_token(access_token="AQV-no-such-token")
    assert (known.active, known.client_id) == (True, keys["client_id"])
    assert not unknown.active


def test_a_range_that_includes_today_is_refused(sandbox: SimpleNamespace) -> None:
    token = fetch_token(sandbox.credentials["child"])
    today = datetime.fromtimestamp(read_clock_ms(sandbox.credentials) / 1000, UTC).date()
    refused = sandbox.client.finder(
        resource_path="/partnerJobReports",
        finder_name="dateRange",
        query_params={"dateRange": days_of(today - timedelta(days=1), today)},
        access_token=token,
        version_string=VERSION,
    )
    assert refused.status_code == 400
    assert refused.response.json()["serviceErrorCode"] == 6010
