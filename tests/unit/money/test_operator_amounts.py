"""The amounts that an operator writes, over HTTP."""

from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.scenario import START


def ask(sandbox_client: SandboxClient, path: str, body: dict[str, Any]) -> int:
    path = path.format(
        contract=sandbox_client.credentials["partner_contract_id"],
        partner=sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1],
    )
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.post(f"/operator/{path}", headers=headers, json=body).status_code


TERM = {"termStartsAt": START.isoformat(), "termEndsAt": "2100-01-01T00:00:00Z"}
OPENED = {"currency": "USD", "limit": "5.00", "clickPrice": "1.00"} | TERM
HIRING = {
    "kind": "SLOTS",
    "owner": "Owner",
    "currency": "USD",
    "defaultPosterEmail": "jo@customer.example",
    "startsAt": START.isoformat(),
    "endsAt": "2100-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("path", "field", "body", "statuses"),
    [
        ("partners/{partner}/contracts", "limit", OPENED, [422, 422, 201]),
        ("partners/{partner}/contracts", "clickPrice", OPENED, [422, 422, 201]),
        ("contracts/{contract}/topUps", "amount", {"reference": "a"}, [422, 422, 200]),
        ("contracts/{contract}/prices", "clickPrice", {"validFrom": START.isoformat()}, [422, 422, 200]),
        ("hiringContracts", "price", HIRING, [400, 201, 201]),  # a posting may cost nothing
    ],
)
def test_an_amount_of_an_operator_is_not_below_zero(
    sandbox_client: SandboxClient, path: str, field: str, body: dict[str, Any], statuses: list[int]
) -> None:
    assert [
        ask(sandbox_client, path, body | {field: amount}) for amount in ("-0.01", "0.00", "0.01")
    ] == statuses
