"""Requests recorded from real clients are replayed byte for byte, and each receives the response its client expects.

Recorded ids are replaced by the sandbox's: contract, application, tokens. The requests use a real socket, because test
clients normalize what they send.
"""

import base64
import http.client
import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.conftest import TEMPLATE, make_database
from tests.support.paths import FIXTURES
from tests.support.server_process import start_sandbox_server

RECORDED = FIXTURES / "recorded"
FILES = ("java_lts_sdk", "python_client", "js_client", "oauth_libs")
# The connection sets these headers itself.
OWN_HEADERS = {"content-length", "authorization", "connection"}
PARENTS = ("/v2/provisionedApplications", "/rest/partnerBudgetReports", "/v2/developerApplicationsSecurity")
BAD_QUERIES = {6006, 6007, 6008, 6009, 6010, 6011, 6021, 6023}


def read_requests() -> list[Any]:
    return [
        pytest.param(json.loads(line), id=f"{name}-{number}")
        for name in FILES
        for number, line in enumerate((RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    ]


@pytest.fixture(scope="module")
def sandbox(cluster_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """One sandbox for all requests, which do not depend on each other. ``tokens`` are its applications' access tokens."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with start_sandbox_server(database_url, tmp_path_factory.mktemp("sandbox")) as credentials:
            tokens = {who: fetch_token(credentials, who) for who in ("parent", "child")}
            yield SimpleNamespace(credentials=credentials, tokens=tokens)


def fetch_token(credentials: dict[str, Any], who: str) -> str:
    form = {name: credentials[who][name] for name in ("client_id", "client_secret")}
    form["grant_type"] = "client_credentials"
    token: str = httpx2.post(f"{credentials['base_url']}/oauth/v2/accessToken", data=form).json()[
        "access_token"
    ]
    return token


def replay(sandbox: SimpleNamespace, recorded: dict[str, Any]) -> SimpleNamespace:
    credentials = sandbox.credentials
    replacements = {
        "2008128679": str(credentials["partner_contract_id"]),
        "urn:li:contract:67890": f"urn:li:contract:{credentials['customer_contract_id']}",
        "urn:li:developerApplication:234": credentials["child"]["urn"],
        "urn%3Ali%3AdeveloperApplication%3A234": credentials["child"]["urn"].replace(":", "%3A"),
    }
    target, body = recorded["target"], recorded["body"]
    for theirs, ours in replacements.items():
        target, body = target.replace(theirs, ours), body.replace(theirs, ours)
    for name in ("client_id", "client_secret"):
        body = re.sub(rf"\b{name}=[^&]+", f"{name}={credentials['child'][name]}", body)
    who = "parent" if target.startswith(PARENTS) else "child"
    connection = http.client.HTTPConnection(urlsplit(credentials["base_url"]).netloc, timeout=30)
    connection.putrequest(recorded["method"], target, skip_host=True, skip_accept_encoding=True)
    for name, value in recorded["headers"]:
        if name.lower() == "authorization" and value.startswith("Bearer"):
            connection.putheader(name, f"Bearer {sandbox.tokens[who]}")
        elif name.lower() == "authorization" and value.startswith("Basic"):
            pair = f"{credentials['child']['client_id']}:{credentials['child']['client_secret']}"
            connection.putheader(name, f"Basic {base64.b64encode(pair.encode()).decode()}")
        elif name.lower() not in OWN_HEADERS:
            connection.putheader(name, value)
        elif name.lower() == "content-length":
            connection.putheader(name, str(len(body.encode())))
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return SimpleNamespace(
        status_code=answer.status, content=content, text=content.decode(), json=lambda: json.loads(content)
    )


@pytest.mark.parametrize("recorded", read_requests())
def test_a_recorded_request_gets_the_response_its_client_expects(
    sandbox: SimpleNamespace, recorded: dict[str, Any]
) -> None:
    answer = replay(sandbox, recorded)

    assert answer.status_code < 500, answer.text
    path = recorded["target"].partition("?")[0]
    check = next(check for start, check in CHECKS.items() if path.startswith(start))
    check(answer, recorded)
    if answer.status_code >= 400 and path.startswith(("/rest", "/v2")):
        error = answer.json()
        assert error["status"] == answer.status_code
        assert error["message"]


def check_token(answer: Any, recorded: dict[str, Any]) -> None:
    """A token for 30 minutes, however the credentials were sent; introspection reveals nothing about others' tokens."""
    if recorded["target"].startswith("/oauth/v2/introspectToken"):
        assert (answer.status_code, answer.json()) == (200, {"active": False})
    elif "grant_type=client_credentials" in recorded["body"] and has_secret(recorded):
        assert (answer.status_code, answer.json().get("expires_in")) == (200, 1800), answer.text
    else:
        assert (answer.status_code, set(answer.json())) == (400, {"error", "error_description"})


def has_secret(recorded: dict[str, Any]) -> bool:
    """Whether the secret is in the body or in a Basic header; one library sends neither by default."""
    headers = {name.lower(): value for name, value in recorded["headers"]}
    return "client_secret=" in recorded["body"] or headers.get("authorization", "").startswith("Basic")


def check_postings(answer: Any, recorded: dict[str, Any]) -> None:
    assert answer.status_code == 200, answer.text
    rows, sent = answer.json()["elements"], json.loads(recorded["body"])["elements"]
    assert len(rows) == len(sent)
    for row in rows:
        if row["status"] == 202:
            assert row["id"].startswith("urn:li:simpleJobPostingTask:")
            assert row["location"] == f"/simpleJobPostings/{row['id'].replace(':', '%3A')}"
        else:
            assert row["error"]["message"]
            assert row["error"]["status"] == row["status"]


def check_batch(answer: Any, recorded: dict[str, Any]) -> None:
    """Unknown tasks and jobs are absent, malformed keys are refused with 400, and a single GET is not supported."""
    if answer.status_code == 200:
        assert set(answer.json()) == {"results", "statuses", "errors"}
    elif "/simpleJobPostingTasks/" in recorded["target"]:
        assert answer.status_code in {400, 403, 404}
    else:
        assert (answer.status_code, answer.json()["message"]) == (400, "Batch key parameter value is invalid")


def check_report(answer: Any, recorded: dict[str, Any]) -> None:
    found = answer.json()
    if "List(job-1:other)" in recorded["target"]:
        assert answer.status_code == 400  # a mistake of the Java SDK, which the real parser refuses too
    elif "noSuchFinder" in recorded["target"]:
        assert answer.status_code in {400, 403}
    elif answer.status_code == 400:
        assert found["serviceErrorCode"] in BAD_QUERIES
    elif "q=dateRange" in recorded["target"]:
        assert isinstance(found["elements"], list)
        assert {"start", "count", "links"} <= set(found["paging"])
    else:
        assert all(
            error == {"code": "6013", "status": 404, "message": error["message"]}
            for error in found["errors"].values()
        )
        assert set(found) == {"results", "statuses", "errors"}


def check_budget(answer: Any, _: dict[str, Any]) -> None:
    (details,) = answer.json()["partnerBudgetDetails"]
    assert all(isinstance(money["amount"], str) for money in details.values())
    assert answer.json()["serviceTermStartAt"] < answer.json()["serviceTermEndAt"]


def check_applications(answer: Any, recorded: dict[str, Any]) -> None:
    """Creating returns 201 with credentials, finding shows no secret, updating returns 204, an invalid name 422."""
    if recorded["method"] == "GET":
        assert answer.status_code == 200
        assert all("client_secret" not in one["credentials"] for one in answer.json()["elements"])
    elif "developerApplication" in recorded["target"]:
        assert (answer.status_code, answer.content) == (204, b"")
    elif answer.status_code == 201:
        assert set(answer.json()) == {"credentials", "key"}
        assert set(answer.json()["credentials"]) == {"client_id", "client_secret"}
    else:
        assert (answer.status_code, "ERROR :: /" in answer.json()["message"]) == (422, True)


def check_setup(answer: Any, _: dict[str, Any]) -> None:
    assert answer.status_code == 200
    assert set(answer.json()["value"]) == {"key", "contract"}


CHECKS = {
    "/oauth/v2": check_token,
    "/rest/simpleJobPostingTasks": check_batch,
    "/v2/simpleJobPostingTasks": check_batch,
    "/v2/jobPostingStatus": check_batch,
    "/rest/simpleJobPostings": check_postings,
    "/v2/simpleJobPostings": check_postings,
    "/rest/partnerJobReports": check_report,
    "/rest/partnerBudgetReports": check_budget,
    "/v2/provisionedApplications": check_applications,
    "/rest/provisionedHiringContracts": check_setup,
}
