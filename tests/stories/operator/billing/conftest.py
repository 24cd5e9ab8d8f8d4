"""Owns calls to the operator's endpoints of billing, and an account to begin with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobmeter.base.days import month_after
from tests.support.sandbox_client import SandboxClient, bearer

ADDRESS = {"addressLines": ["Kade 1"], "city": "Rotterdam", "postcode": "3011 AB", "country": "NL"}
SELLER = ADDRESS | {
    "legalName": "Board B.V.",
    "vatNumber": "NL004495445B01",
    "registrationNumber": "24000001",
    "registrationScheme": "0106",
    "endpoint": "5798009811512",
    "endpointScheme": "0088",
    "iban": "NL91ABNA0417164300",
    "bic": "ABNANL2A",
    "emails": ["billing@board.example"],
}
BUYER = ADDRESS | {
    "legalName": "Partner B.V.",
    "vatNumber": "NL004495445B01",
    "emails": ["ap@partner.example"],
}


@pytest.fixture
def operate(sandbox_client: SandboxClient) -> Callable[..., Any]:
    """Calls ``/operator/...`` and returns the response."""

    def call(method: str, path: str, body: object = None, **more: Any) -> Any:
        headers = bearer(sandbox_client.credentials["operator_key"])
        content = more if body is None else more | {"json": body}
        return sandbox_client.client.request(method, f"/operator/{path}", headers=headers, **content)

    return call


@pytest.fixture
def partner_id(sandbox_client: SandboxClient) -> int:
    return int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])


@pytest.fixture
def account_id(operate: Callable[..., Any], partner_id: int) -> int:
    """The partner's account in the currency of its contract, from October 2060 on: the worker bills nothing of it."""
    draft = {"partnerId": partner_id, "currency": "USD", "firstMonth": "2060-10", "profile": BUYER}
    answer = operate("POST", "billing/accounts", draft)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def month(sandbox_client):
    """The first day of the next month, to which the clock is moved."""
    first = month_after(sandbox_client.now.date().replace(day=1))
    sandbox_client.set_clock(datetime.combine(first, datetime.min.time(), UTC) + timedelta(seconds=1))
    return first


@pytest.fixture
def read(sandbox_client):
    def call(path, who="parent", headers=None):
        own = bearer(sandbox_client.token(who)) | (headers or {})
        return sandbox_client.client.get(path, headers=own)

    return call
