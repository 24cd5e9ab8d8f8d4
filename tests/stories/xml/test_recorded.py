"""Requests recorded from the 2011 PHP client, and the protocol's own sample documents.

Recorded headers and bodies are sent unchanged, except for the recording's credentials, time and contract: a new server
cannot know its secrets, and its timestamps have expired.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import FIXTURES
from tests.support.sandbox_client import bearer
from tests.support.xml_partner import XML_TYPE, XmlPartner, sign

RECORDED = FIXTURES / "recorded"
HOST_HEADERS = {"host", "content-length"}
CONTRACT = 1234  # the contract number of the recordings

# The recording: post, post again, read, edit, renew, close, renew a closed job, close an unknown job,
# a broken document, a document with an external entity.
STATUSES = [201, 409, 200, 200, 200, 204, 409, 404, 400, 400]


def read_recorded(name: str) -> list[dict[str, Any]]:
    lines = (RECORDED / f"php_simple_linkedin_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["target"].startswith("/v1/")]


def open_recorded_contract(partner: XmlPartner, kind: str, units: int) -> int:
    """Opens a contract with the recording's number and poster."""
    owner = partner.sandbox_client.credentials["parent"]["client_id"]
    body = {
        "kind": kind,
        "owner": "Recorded",
        "ownerApplication": owner,
        "currency": "EUR",
        "units": units,
        "defaultPosterEmail": "user@example.com",
        "sandboxNumber": CONTRACT,
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2100-01-01T00:00:00Z",
    }
    made = partner.operate("POST", "/operator/hiringContracts", body)
    assert made.status_code == 201, made.text
    path = f"/operator/hiringContracts/{made.json()['id']}/grants"
    assert partner.operate("POST", path, {"application": owner}).status_code == 200
    return int(made.json()["id"])


@pytest.mark.parametrize("scheme", ["bearer", "oauth1"])
def test_the_php_client_gets_the_responses_it_expects(partner: XmlPartner, scheme: str) -> None:
    contract = open_recorded_contract(partner, "SLOTS", 3)
    keys = partner.sandbox_client.credentials["parent"]
    statuses = []
    for row in read_recorded(scheme):
        headers = {name: text for name, text in row["headers"] if name.lower() not in HOST_HEADERS}
        if scheme == "bearer":
            headers |= bearer(partner.sandbox_client.token("parent"))
        else:
            # It also sends a three-legged token, and signs for the original host.
            url = f"https://api.linkedin.com{row['target']}"
            headers["Authorization"] = sign(
                keys, row["method"], url, resource_owner_key="tok", realm="http://api.linkedin.com"
            )
            headers["Host"] = "api.linkedin.com"
        answer = partner.sandbox_client.client.request(
            row["method"], row["target"], content=row["body"], headers=headers
        )
        statuses.append(answer.status_code)
        assert row["method"] == "GET" or answer.is_error or answer.content == b""
    assert statuses == STATUSES
    assert partner.unused(contract) == 3


@pytest.mark.parametrize("kind", ["SLOTS", "CREDITS"])
def test_the_sample_documents_are_accepted(partner: XmlPartner, shared: Path, kind: str) -> None:
    contract = open_recorded_contract(partner, kind, 2)
    sample = (shared / "fixtures" / "xml" / "job_post_template.xml").read_text(encoding="utf-8")
    for name, value in (("partner-job-id", "SAMPLE-1"), ("contract-id", str(contract)), ("id", "99")):
        sample = sample.replace(f"<{name}>XXXX</{name}>", f"<{name}>{value}</{name}>")
    edit = (shared / "fixtures" / "xml" / "job_edit_template.xml").read_text(encoding="utf-8")
    if kind == "CREDITS":
        # What resellers may not and must send according to the credits page.
        start, end = "<tracking-pixel-url>", "</tracking-pixel-url>"
        sample = sample[: sample.index(start)] + sample[sample.index(end) + len(end) :]
        edit = edit.replace("<job>", f"<job><contract-id>{contract}</contract-id>")

    posted = partner.call("POST", "/v1/jobs", sample, **{"Content-Type": XML_TYPE})
    assert posted.status_code == 201, posted.text
    edited = partner.call("PUT", "/v1/jobs/partner-job-id=SAMPLE-1", edit)
    assert edited.status_code == 200, edited.text
    assert partner.unused(contract) == 1
    assert partner.get("SAMPLE-1").findtext("position/title") == "Test Chief Architect"
