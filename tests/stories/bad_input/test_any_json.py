"""Any JSON posted to any endpoint gets a response below 500 in the protocol's form."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.sandbox_client import bearer, make_event

# Text with NUL, lone surrogates and everything else that a JSON string can contain.
TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["", "\0", "\ud800", "\udfff", "urn:li:", "x" * 600]
)
NUMBERS = (
    st.integers()
    | st.sampled_from([2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**40, 1e308, -0.0])
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NUMBERED = itertools.count()

quick = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


def replaced(valid):
    """The valid record with some of its fields, or unknown fields, set to any value."""
    fields = st.sampled_from(sorted(valid)) | TEXT
    return st.dictionaries(fields, JSON, min_size=1, max_size=3).map(lambda changed: valid | changed)


@pytest.fixture(scope="module")
def tokens(sandbox_client, job_id):
    return {who: sandbox_client.headers(who) for who in ("parent", "child")}


@pytest.fixture(scope="module")
def now_ms(sandbox_client, job_id):
    """One time for all examples: Hypothesis repeats an example, and must find the same values again."""
    return sandbox_client.now_ms


def post(sandbox_client, path, body, headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = sandbox_client.client.post(path, content=content, headers=headers)
    assert answer.status_code < 500
    shown = answer.json()
    if answer.status_code >= 400:
        assert shown["status"] == answer.status_code
        assert shown["message"]
    return answer


@quick
@given(st.data())
def test_any_json_as_a_batch_of_jobs(sandbox_client, tokens, now_ms, data):
    number = next(NUMBERED)
    element = sandbox_client.job_element(f"any-{number}") | {
        "alternateLocations": ["Leeds"],
        "workplaceTypes": ["remote"],
        "compensation": {"compensations": []},
        "onsiteApplyConfiguration": {},
        "expireAt": now_ms + 10**9,
        "listingType": "BASIC",
        "categories": ["eng"],
        "experienceLevel": "DIRECTOR",
        "companyJobCode": f"code-{number}",
        "jobPostingOperationType": "CREATE",
        "companyPageUrl": "https://www.example.com/harbour",
        "posterEmail": "a@example.com",
    }
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}}
    elements = st.lists(
        replaced(element)
        | replaced(budget["payForPerformanceTotalBudget"]).map(
            lambda money: element | {"budget": {"payForPerformanceTotalBudget": money}}
        )
        | JSON,
        max_size=3,
    )
    body = data.draw(JSON | elements.map(lambda rows: {"elements": rows}))

    answer = post(
        sandbox_client, "/rest/simpleJobPostings", body, tokens["child"] | {"X-RestLi-Method": "batch_create"}
    )

    if answer.status_code == 200:
        assert len(answer.json()["elements"]) == len(body["elements"])
        assert all(row["status"] < 500 for row in answer.json()["elements"])


@quick
@given(
    JSON | replaced({"uniqueForeignId": "any", "name": "Any", "description": "Any", "validJsSdkDomains": []})
)
def test_any_json_as_an_application(sandbox_client, tokens, body):
    if isinstance(body, dict) and body.get("uniqueForeignId") == "any":
        body["uniqueForeignId"] = f"any-{next(NUMBERED)}"
    post(sandbox_client, "/v2/provisionedApplications", body, tokens["parent"])


@quick
@given(JSON | replaced({"partnerContractId": 5}))
def test_any_json_as_the_parameters_of_an_action(sandbox_client, tokens, body):
    post(sandbox_client, "/rest/provisionedHiringContracts?action=setup", body, tokens["child"])


@quick
@given(st.data())
def test_any_json_as_a_batch_of_events(sandbox_client, job_id, now_ms, data):
    number = next(NUMBERED)
    by_id = make_event(job_id, f"any-{number}", now_ms, userAgent="Mozilla/5.0", address="192.0.2.1")
    by_name = make_event(
        None,
        f"name-{number}",
        now_ms,
        childApplication="urn:li:developerApplication:5",
        externalJobPostingId="x",
    )
    cloud = {
        "specversion": "1.0",
        "source": "s",
        "id": "i",
        "type": "view",
        "time": "x",
        "subject": "1",
        "data": {},
    }
    records = st.lists(replaced(by_id) | replaced(by_name) | replaced(cloud) | JSON, max_size=4)
    media = data.draw(
        st.sampled_from(["application/json", "application/x-ndjson", "application/cloudevents-batch+json"])
    )
    body = data.draw(JSON | records)
    if media == "application/x-ndjson" and isinstance(body, list):
        body = b"\n".join(json.dumps(record).encode() for record in body)

    headers = bearer(sandbox_client.credentials["events_key"]) | {"Content-Type": media}
    answer = post(sandbox_client, "/events", body, headers)

    if answer.status_code == 200 and isinstance(body, list):
        shown = answer.json()
        assert shown["accepted"] + shown["duplicate"] + shown["rejected"] == len(body)


OPERATOR_BODIES = {
    "/sandbox/clock": {"advance": "1s"},
    "/operator/partners": {"name": "Any"},
    "/operator/partners/{partner}/contracts": {
        "currency": "USD",
        "limit": "5.00",
        "clickPrice": "1.00",
        "termStartsAt": "2024-01-01T00:00:00Z",
        "termEndsAt": "2040-01-01T00:00:00Z",
        "contractId": 5,
    },
    "/operator/contracts/{contract}/topUps": {"amount": "1.00", "reference": "any"},
    "/operator/contracts/{contract}/prices": {"clickPrice": "1.50", "validFrom": "2024-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("path", OPERATOR_BODIES)
@quick
@given(data=st.data())
def test_any_json_from_the_operator(sandbox_client, job_id, path, data):
    partner = sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[1]
    place = path.format(partner=partner, contract=sandbox_client.credentials["partner_contract_id"])
    instants = st.sampled_from(
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", 10**17, -(10**13)]
    )
    fields = st.sampled_from(sorted(OPERATOR_BODIES[path]))
    body = data.draw(
        JSON
        | replaced(OPERATOR_BODIES[path])
        | st.dictionaries(fields, instants, min_size=1).map(lambda changed: OPERATOR_BODIES[path] | changed)
    )
    post(sandbox_client, place, body, bearer(sandbox_client.credentials["operator_key"]))


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 400])
@pytest.mark.parametrize("path", ["partners/{}/contracts", "contracts/{}/topUps", "contracts/{}/prices"])
def test_any_number_in_the_operator_s_paths(sandbox_client, job_id, path, number):
    template = next(body for known, body in OPERATOR_BODIES.items() if known.endswith(path.rsplit("/", 1)[1]))
    answer = sandbox_client.client.post(
        f"/operator/{path.format(number)}",
        json=template,
        headers=bearer(sandbox_client.credentials["operator_key"]),
    )
    assert answer.status_code in {400, 404}
