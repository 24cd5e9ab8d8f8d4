"""Owns the actions of an XML API partner in tests: documents, bearer and signed requests, balances.

Does not own any expectation.
"""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from oauthlib.oauth1 import SIGNATURE_TYPE_AUTH_HEADER, Client

from tests.support.sandbox_client import SandboxClient, bearer

XML_TYPE = "text/xml; charset=UTF-8"
POSTER = "jo@customer.example"
PIXEL = "<tracking-pixel-url>https://ats.example.com/p.gif</tracking-pixel-url>"


@dataclass(frozen=True)
class XmlPartner:
    """Calls the API as the partner's parent application, with a token."""

    sandbox_client: SandboxClient
    who: str = "parent"

    def contract(self, kind: str) -> int:
        return next(
            row["id"] for row in self.sandbox_client.credentials["hiring_contracts"] if row["kind"] == kind
        )

    @property
    def slots(self) -> int:
        return self.contract("SLOTS")

    @property
    def credits(self) -> int:
        return self.contract("CREDITS")

    def call(self, method: str, path: str, body: str | bytes | None = None, **headers: str) -> Any:
        content = body.encode() if isinstance(body, str) else body
        sent = {"Content-Type": XML_TYPE, **bearer(self.sandbox_client.token(self.who))} | headers
        return self.sandbox_client.client.request(method, path, content=content, headers=sent)

    def post(self, partner_job_id: str, contract_id: int, **changed: str) -> Any:
        return self.call("POST", "/v1/jobs", job_xml(partner_job_id, contract_id, **changed))

    def put(self, partner_job_id: str, inner: str) -> Any:
        return self.call("PUT", f"/v1/jobs/partner-job-id={partner_job_id}", f"<job>{inner}</job>")

    def renew(self, partner_job_id: str, contract_id: int | None = None) -> Any:
        named = "" if contract_id is None else f"<contract-id>{contract_id}</contract-id>"
        return self.put(partner_job_id, f"{named}<renewal/>")

    def close(self, partner_job_id: str) -> Any:
        return self.call("DELETE", f"/v1/jobs/partner-job-id={partner_job_id}")

    def get(self, partner_job_id: str, selector: str = "") -> ET.Element:
        answer = self.call("GET", f"/v1/jobs/partner-job-id={partner_job_id}{selector}")
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.content)

    def unused(self, contract_id: int) -> int | None:
        return self.operate("GET", f"/operator/hiringContracts/{contract_id}").json()["unused"]

    def operate(self, method: str, path: str, body: Any = None) -> Any:
        return self.sandbox_client.client.request(
            method, path, json=body, headers=bearer(self.sandbox_client.credentials["operator_key"])
        )


def job_xml(
    partner_job_id: str, contract_id: int, *, poster: str = "", more: str = "", **changed: str
) -> str:
    """Returns the document of a job; ``more`` is inserted without changes."""
    shown = {"title": f"Fitter {partner_job_id}", "country": "gb"} | changed
    who = f"<poster><email-address>{poster}</email-address></poster>" if poster else ""
    return (
        f"<job><partner-job-id>{partner_job_id}</partner-job-id><contract-id>{contract_id}</contract-id>"
        "<company><name>Harbour Logistics</name></company>"
        f"<position><title>{shown['title']}</title><description>Repairs what broke.</description>"
        f"<location><country><code>{shown['country']}</code></country></location></position>{who}{more}</job>"
    )


def error_of(answer: Any) -> tuple[int, str]:
    """Returns status and message of an error document and checks the order of its elements."""
    root = ET.fromstring(answer.content)
    assert [part.tag for part in root] == ["status", "timestamp", "request-id", "error-code", "message"]
    assert root.findtext("status") == str(answer.status_code)
    assert root.findtext("request-id") == answer.headers["X-Li-Request-Id"]
    return answer.status_code, root.findtext("message") or ""


def sign(keys: dict[str, str], method: str, url: str, **changed: Any) -> str:
    """Returns the ``Authorization`` header of a two-legged request (OAuth 1.0a)."""
    signer = Client(
        keys["client_id"],
        client_secret=keys["client_secret"],
        signature_type=SIGNATURE_TYPE_AUTH_HEADER,
        **changed,
    )
    _, headers, _ = signer.sign(url, http_method=method)
    return str(headers["Authorization"])
