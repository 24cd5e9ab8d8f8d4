"""The client speaks to LinkedIn as LinkedIn's own clients do: the same requests as recorded, the same values of its replies."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import httpx2
import pytest

from jobmeter.client import LINKEDIN, ItemError, Money
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol
from tests.client.doubles import TOKEN, GivenResponses, open_given
from tests.support.paths import FIXTURES, SHARED

RECORDED = [
    json.loads(line)
    for name in ("python_client", "java_lts_sdk", "js_client")
    for line in (FIXTURES / "recorded" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
REPLIES = SHARED / "fixtures" / "lts_java_sdk"
FIRST_TASK = "urn:li:simpleJobPostingTask:c85fc9e7-b434-44d2-b9c1-a5ac688a1fe1"
SECOND_TASK = "urn:li:simpleJobPostingTask:d958f4d2-3079-4290-8891-3a73e4fb70d7"


# -- requests


def find_recorded(method, pattern):
    found = [one for one in RECORDED if one["method"] == method and re.search(pattern, one["target"])]
    assert found, pattern
    return found


def headers_of(recorded):
    return {name.lower(): value for name, value in recorded["headers"]}


def read_days(asked):
    return tuple(
        date(*(int(asked["dateRange"][name][part]) for part in ("year", "month", "day")))
        for name in ("start", "end")
    )


def is_one_week(recorded):
    """A longer range was recorded too, which is refused: our client splits it."""
    first, last = read_days(decode_query(recorded["target"].partition("?")[2], Protocol.V2))
    return last - first < timedelta(days=7)


def sent_by(act, answer):
    transport = GivenResponses(lambda _: answer)
    act(open_given(transport, server=LINKEDIN))
    (request,) = transport.requests
    return request


@pytest.mark.parametrize(
    "recorded", find_recorded("GET", r"/rest/partnerJobReports\?.*ids=List\([^:)]*\).*dateRange"), ids=lambda one: one["target"][:80]
)  # fmt: skip
def test_a_report_by_ids_is_requested_as_by_the_official_clients(recorded):
    path, _, query = recorded["target"].partition("?")
    asked = decode_query(query, Protocol.V2)
    first, last = read_days(asked)
    contract = int(asked["partnerContractId"]) if "partnerContractId" in asked else None
    ids = asked["ids"]
    request = sent_by(
        lambda client: list(client.reports.by_ids(ids, first, last, partner_contract_id=contract)),
        {"results": {}, "errors": {}},
    )
    assert request.url.path == path
    assert decode_query(request.url.query.decode(), Protocol.V2) == asked
    theirs = headers_of(recorded)
    for name in ("linkedin-version", "x-restli-protocol-version"):
        assert request.headers[name] == theirs[name]


@pytest.mark.parametrize(
    "recorded",
    [one for one in find_recorded("GET", r"partnerJobReports\?.*q=dateRange") if is_one_week(one)],
    ids=lambda one: one["target"][:80],
)
def test_a_report_by_days_is_requested_as_by_the_official_clients(recorded):
    asked = decode_query(recorded["target"].partition("?")[2], Protocol.V2)
    first, last = read_days(asked)
    contract = int(asked["partnerContractId"]) if "partnerContractId" in asked else None
    request = sent_by(
        lambda client: list(client.reports.by_days(first, last, partner_contract_id=contract)),
        {"elements": []},
    )
    ours = decode_query(request.url.query.decode(), Protocol.V2)
    paging = {"start", "count"}
    assert {name: value for name, value in ours.items() if name not in paging} == {
        name: value for name, value in asked.items() if name not in paging
    }
    assert (ours["start"], ours["count"]) == ("0", "50")


def test_jobs_are_posted_as_by_the_official_clients():
    recorded = find_recorded("POST", r"^/rest/simpleJobPostings$")[0]
    elements = json.loads(recorded["body"])["elements"]
    row = {"status": 202, "id": FIRST_TASK}
    request = sent_by(lambda client: list(client.jobs.submit(elements)), {"elements": [row] * len(elements)})
    assert request.url.path == "/rest/simpleJobPostings"
    assert json.loads(request.content) == {"elements": elements}
    assert request.headers["x-restli-method"].lower() == headers_of(recorded)["x-restli-method"].lower()


def test_a_contract_is_set_up_as_by_the_official_clients():
    recorded = find_recorded("POST", r"provisionedHiringContracts\?action=setup")[0]
    request = sent_by(
        lambda client: client.contracts.set_up(2_008_128_679), {"value": {"key": "a", "contract": "b"}}
    )
    assert request.url.raw_path.decode() == recorded["target"]
    assert json.loads(request.content) == json.loads(recorded["body"])


def test_a_token_is_requested_as_by_the_official_clients():
    recorded = find_recorded("POST", f"^{TOKEN}$")[0]
    sent = []

    def answer(request):
        sent.append(request)
        return httpx2.Response(200, json={"access_token": "AQV8", "expires_in": "1800"})

    client = open_given(httpx2.MockTransport(answer), server=LINKEDIN)
    client.session._fetch_token()
    (request,) = sent
    assert parse_qs(request.content.decode()) == parse_qs(recorded["body"])
    assert request.headers["content-type"] == headers_of(recorded)["content-type"]
    assert "idempotency-key" not in request.headers


def test_many_tasks_are_several_requests_with_a_query_that_linkedin_accepts():
    urns = [f"urn:li:simpleJobPostingTask:00000000-0000-0000-0000-{number:012d}" for number in range(120)]

    def answer(request):
        asked = decode_query(request.url.query.decode(), Protocol.V2)["ids"]
        return {"results": {urn: {"status": "SUCCEEDED", "id": urn} for urn in asked}}

    transport = GivenResponses(answer)
    client = open_given(transport, server=LINKEDIN)
    assert [task.urn for task in client.jobs.read_tasks(urns)] == urns
    assert all(len(target.partition("?")[2]) < 4_000 for target in transport.targets)


# -- replies


def reply(name):
    file = REPLIES / f"{name}.json"
    if not file.exists():
        pytest.skip("the replies of LinkedIn's SDK are not beside the checkout")
    return json.loads(file.read_text(encoding="utf-8"))


def reading(name):
    return open_given(GivenResponses(lambda _: reply(name)), server=LINKEDIN)


def test_replies_about_applications_and_contracts_are_read():
    new = reading("CreateApplicationSuccessResponse").applications.create(
        unique_foreign_id="a", name="b", description="c"
    )
    assert (new.urn, new.client_id, new.client_secret) == (
        "urn:li:developerApplication:234",
        "1234567890",
        "ABCDEFGHIJKL",
    )
    found = reading("GetApplicationSuccessResponse").applications.find("Unique Foreign ID")
    assert (found.client_id, found.name, len(found.js_domains)) == ("123abc456defga", "Test Application", 2)
    contract = reading("P4PProvisionCustomerHiringContractsSuccessResponse").contracts.set_up()
    assert contract.urn == "urn:li:contract:67890"


def test_replies_about_jobs_are_read():
    (accepted,) = reading("JobPostingSuccessResponse").jobs.submit([{"externalJobPostingId": "a"}])
    assert accepted.task_urns == (SECOND_TASK,)
    first, second = reading("MultipleTaskStatusSuccessResponse").jobs.read_tasks([FIRST_TASK, SECOND_TASK])
    assert (first.status, first.job_id, second.status) == ("SUCCEEDED", 4_217_555_213, "IN_PROGRESS")
    (status,) = reading("JobPostingStatusSuccessResponse").jobs.read_statuses(["112233445566"])
    assert (status.listing_status, status.promotion_status) == ("LISTED", "NOT_PROMOTED")
    assert (status.company_name, status.listing_detail) == (None, None)
    assert status.expires_at == datetime.fromtimestamp(1_762_010_139, UTC)


def test_replies_to_reports_are_read():
    day = date(2025, 5, 10)
    (report,) = reading("P4PJobPerformanceReportsByIdsSuccessResponse").reports.by_ids(
        ["112233445566"], day, day
    )
    assert (report.job_id, report.days, report.lifetime_spent) == (4_249_477_487, (), None)
    assert not isinstance(report, ItemError)
    reports = list(reading("P4PJobPerformanceReportsByDateSuccessResponse").reports.by_days(day, day))
    assert len({one.external_id for one in reports}) == 13
    budget = reading("P4PPartnerBudgetReportResponse").reports.budget(2_008_128_679)
    assert (budget.spent, budget.limit) == (Money(21_840_000, "USD"), Money(10**11, "USD"))


def test_what_linkedin_leaves_out_or_writes_otherwise_is_read():
    """The facts of LinkedIn's replies in words of our own: nulls, numbers for ids, absent maps, an error by another name."""
    task = {
        "externalJobPostingId": 112233,
        "status": "FAILED",
        "errorMessage": "This job's budget has ran out.",
    }
    client = open_given(GivenResponses(lambda _: {"results": {"t": task}}), server=LINKEDIN)
    (read,) = client.jobs.read_tasks(["t"])
    assert (read.external_id, read.job_id, read.has_failed) == ("112233", None, True)
    error = {"code": "ERROR_INVALID_LISTED_AT_FIELD", "message": "x cannot be coerced to Long", "status": 422}
    rows = {"elements": [{"status": 422, "jobPostingError": error}]}
    (refused,) = open_given(GivenResponses(lambda _: rows)).jobs.submit([{"externalJobPostingId": "a"}])
    assert (refused.external_id, refused.error.status) == ("a", 422)
    assert refused.error.label == "ERROR_INVALID_LISTED_AT_FIELD"
