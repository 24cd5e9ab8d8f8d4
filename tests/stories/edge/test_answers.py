"""What the gateway adds to every response, and which bodies it refuses, for all resources alike."""

import gzip
import json

import pytest

from jobmeter.api.restli.forced_failures import HEADER as FAIL
from jobmeter.api.restli.resources import group_resources
from jobmeter.api.routes import RESTLI
from jobmeter.base.faults import Fault
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import open_sandbox_client

NAMES = ("x-li-uuid", "x-li-request-id", "x-li-fabric", "x-li-pop", "x-li-proto")
PATHS = [f"{root}/{name}" for root, named in group_resources(RESTLI).items() for name in named]


@pytest.fixture(scope="module")
def sandbox_client(cluster_url):
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url) as opened:
            yield opened


@pytest.mark.parametrize("path", [*PATHS, "/rest/nothing", "/v2/nothing"])
def test_every_response_has_ids_that_can_be_quoted(sandbox_client, path):
    for headers in ({}, sandbox_client.headers("parent")):
        answer = sandbox_client.client.get(path, headers=headers)
        assert all(answer.headers.get(name) for name in NAMES), path


@pytest.mark.parametrize(
    ("sent", "version", "mark"),
    [
        ({}, "1.0.0", "X-LinkedIn-Error-Response"),
        ({"X-RestLi-Protocol-Version": "2.0.0"}, "2.0.0", "X-RestLi-Error-Response"),
    ],
)
@pytest.mark.parametrize("path", ["/rest/nothing", "/v2/nothing/1"])
def test_an_unknown_path_is_refused_in_the_caller_s_dialect(sandbox_client, path, sent, version, mark):
    answer = sandbox_client.client.get(path, headers=sent)
    assert (answer.status_code, answer.headers["X-RestLi-Protocol-Version"]) == (404, version)
    assert answer.headers[mark] == "true"


def test_an_unknown_resource_is_named_without_its_key(sandbox_client):
    assert sandbox_client.client.get("/v2/nothing/1/2").json()["message"] == "Resource nothing does not exist"


def test_an_unknown_protocol_version_is_named_on_any_path(sandbox_client):
    answer = sandbox_client.client.get("/rest/nothing", headers={"X-RestLi-Protocol-Version": "7"})
    assert (answer.status_code, "7" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("fault", Fault)
def test_every_refusal_can_be_forced(sandbox_client, fault):
    answer = sandbox_client.client.get(
        "/rest/partnerBudgetReports", headers=sandbox_client.headers("parent", **{FAIL: str(fault.row.code)})
    )
    body = answer.json()
    assert (answer.status_code, body["status"]) == (fault.row.status, fault.row.status)
    assert (body.get("code"), body.get("serviceErrorCode")) == (fault.row.label, fault.row.service)


# -- bodies


def post_jobs(sandbox_client, content, **more):
    headers = sandbox_client.headers("child", **{"X-RestLi-Method": "batch_create"}, **more)
    return sandbox_client.client.post("/rest/simpleJobPostings", headers=headers, content=content)


def test_a_compressed_body_is_decompressed(sandbox_client):
    body = json.dumps({"elements": [sandbox_client.job_element("zipped")]}).encode()
    answer = post_jobs(sandbox_client, gzip.compress(body), **{"Content-Encoding": "gzip"})
    assert [row["status"] for row in answer.json()["elements"]] == [202]


@pytest.mark.parametrize(
    ("encoding", "status", "code"),
    [("gzip", 400, "MALFORMED_ENCODING"), ("br", 415, "UNSUPPORTED_ENCODING")],
)
def test_an_unsupported_or_broken_encoding_is_refused(sandbox_client, encoding, status, code):
    answer = post_jobs(sandbox_client, b'{"elements":[]}', **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_small_body_that_expands_too_much_is_refused(sandbox_client):
    bomb = gzip.compress(b" " * 200_000_000)
    assert post_jobs(sandbox_client, bomb, **{"Content-Encoding": "gzip"}).status_code == 413


def test_unknown_fields_beside_the_elements_are_not_permitted(sandbox_client):
    answer = post_jobs(sandbox_client, b'{"elements":[],"elementz":[]}')
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/elementz]",
    )
    headers = {name: value for name, value in sandbox_client.headers().items() if name != "LinkedIn-Version"}
    answer = sandbox_client.client.post(
        "/v2/simpleJobPostings",
        headers=headers | {"X-RestLi-Method": "batch_create"},
        json={"elements": [], "elementz": []},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "lines"),
    [
        (
            "/v2/provisionedApplications",
            {"name": 5, "description": None, "oauth2AuthorizedCallbackUrls": "x", "colour": 1},
            [
                "/name :: 5 cannot be coerced to String",
                "/description :: null cannot be coerced to String",
                "/oauth2AuthorizedCallbackUrls :: x cannot be coerced to Array",
                "/colour :: unrecognized field found but not allowed",
            ],
        ),
        (
            "/v2/provisionedApplications",
            {"name": "LinkedIn " + "n" * 50, "validJsSdkDomains": ["https://x.example/"]},
            [
                "/uniqueForeignId :: field is required but not found and has no default value",
                "/description :: field is required but not found and has no default value",
                f'/name :: length of "LinkedIn {"n" * 50}" is greater than 50',
                '/name :: the name may not contain "LinkedIn"',
                "/validJsSdkDomains/0 :: https://x.example/ may not end with a slash",
            ],
        ),
    ],
)
def test_all_errors_of_an_application_are_reported_at_once(sandbox_client, path, body, lines):
    answer = sandbox_client.client.post(path, headers=sandbox_client.headers("parent"), json=body)
    found = answer.json()["message"].splitlines()
    assert (answer.status_code, found) == (422, [f"ERROR :: {line}" for line in lines])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "ERROR ::  :: the body is not a record"),
        ({"colour": 1}, "ERROR :: /colour :: unrecognized field found but not allowed"),
        ({"partnerContractId": "1"}, "ERROR :: /partnerContractId :: 1 cannot be coerced to Long"),
        ({"type": "OTHER"}, 'ERROR :: /type :: "OTHER" is not an enum symbol'),
        (
            {"partnerContractId": True, "colour": 1},
            (
                "ERROR :: /colour :: unrecognized field found but not allowed\n"
                "ERROR :: /partnerContractId :: True cannot be coerced to Long"
            ),
        ),
    ],
)
def test_the_errors_of_a_setup_body_are_named(sandbox_client, body, message):
    answer = sandbox_client.client.post(
        "/rest/provisionedHiringContracts?action=setup", headers=sandbox_client.headers(), json=body
    )
    assert answer.status_code == 400
    assert (
        answer.json()["message"] == f"Parameters of method 'setup' failed validation with error '{message}'"
    )


def test_the_older_edition_s_setup_is_supported(sandbox_client):
    answer = sandbox_client.client.post(
        "/rest/provisionedHiringContracts?action=setup",
        headers=sandbox_client.headers(),
        json={"type": "PARTNER_P4P"},
    )
    assert answer.json()["value"]["key"] == sandbox_client.credentials["child"]["urn"]


@pytest.mark.parametrize(
    ("who", "verb", "target", "permission"),
    [
        (
            "parent",
            "POST",
            "/rest/provisionedHiringContracts?action=setup",
            "provisionedHiringContracts.ACTION-setup.20250401",
        ),
        ("parent", "POST", "/rest/jobCampaigns", "jobCampaigns.CREATE.20250401"),
        (
            "child",
            "GET",
            "/v2/provisionedApplications?q=credentialsByUniqueForeignId&uniqueForeignId=x",
            "provisionedApplications.FINDER-credentialsByUniqueForeignId.NO_VERSION",
        ),
    ],
)
def test_a_caller_of_the_wrong_kind_learns_the_missing_permission(
    sandbox_client, who, verb, target, permission
):
    body = {} if verb == "POST" else None
    answer = sandbox_client.client.request(verb, target, headers=sandbox_client.headers(who), json=body)
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        f"Not enough permissions to access: {permission}",
    )


@pytest.mark.parametrize(
    "uuid", ["{00000000-0000-4000-8000-000000000000}", "00000000000040008000000000000000"]
)
def test_a_task_s_urn_has_one_spelling(sandbox_client, uuid):
    answer = sandbox_client.client.get(
        f"/rest/simpleJobPostingTasks?ids=List(urn%3Ali%3AsimpleJobPostingTask%3A{uuid})",
        headers=sandbox_client.headers(),
    )
    assert answer.json() == {"status": 400, "message": "Batch key parameter value is invalid"}


def test_an_action_of_the_resource_cannot_be_called_on_an_entity(sandbox_client):
    """The key was once ignored, and the caller's own secret was rolled."""
    answer = sandbox_client.client.post(
        "/v2/developerApplicationsSecurity/1?action=rollDeveloperApplicationSecret",
        headers=sandbox_client.headers("parent"),
        json={},
    )
    assert answer.json() == {"status": 400, "message": "Action 'rollDeveloperApplicationSecret' not found"}


def test_an_action_of_a_campaign_needs_the_campaign(sandbox_client):
    answer = sandbox_client.client.post(
        "/rest/jobCampaigns?action=pause", headers=sandbox_client.headers(), content=b"{}"
    )
    assert answer.json() == {"status": 400, "message": "Action 'pause' not found"}
