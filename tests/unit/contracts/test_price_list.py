"""The price list over HTTP: the operator reads back the prices that were set, and new jobs cost them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, bearer


def prices(sandbox_client: SandboxClient, body: dict[str, Any] | None = None) -> Any:
    path = f"/operator/contracts/{sandbox_client.credentials['partner_contract_id']}/prices"
    headers = bearer(sandbox_client.credentials["operator_key"])
    if body is None:
        return sandbox_client.client.get(path, headers=headers).json()
    return sandbox_client.client.post(
        path, headers=headers, json={"validFrom": sandbox_client.now.isoformat()} | body
    )


def price_of(sandbox_client: SandboxClient, name: str, **changed: Any) -> str:
    job_id = sandbox_client.post_job(name, **changed)
    headers = bearer(sandbox_client.credentials["operator_key"])
    return sandbox_client.client.get(f"/operator/explain/jobs/{job_id}", headers=headers).json()["clickPrice"]


def test_a_job_costs_what_the_list_says_when_it_is_posted(sandbox_client: SandboxClient) -> None:
    later = (sandbox_client.now + timedelta(days=2)).isoformat()
    for line in (
        {"clickPrice": "2.00", "country": "de"},
        {"clickPrice": "3.00", "jobFunction": "Engineering"},
        {"clickPrice": "4.00", "experienceLevel": "director"},
        {"clickPrice": "9.00", "validFrom": later},
    ):
        assert prices(sandbox_client, line).status_code == 200
    assert price_of(sandbox_client, "default") == "1.50"
    assert (
        price_of(sandbox_client, "country", location="Berlin, Germany", categories=["engineering"]) == "2.00"
    )
    assert price_of(sandbox_client, "function", categories=["ENGINEERING", "sales"]) == "3.00"
    assert price_of(sandbox_client, "level", experienceLevel="DIRECTOR") == "4.00"

    shown = prices(sandbox_client)["elements"]
    assert [(row["clickPrice"], row["country"], row["isInForce"]) for row in shown] == [
        ("1.50", None, True),
        ("9.00", None, False),
        ("4.00", None, True),
        ("3.00", None, True),
        ("2.00", "DE", True),
    ]
    sandbox_client.advance("3d")
    assert price_of(sandbox_client, "later") == "9.00"
    assert [row["isInForce"] for row in prices(sandbox_client)["elements"]] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"country": "Germany"}, "country"),
        ({"country": "ZQ"}, "country"),
        ({"experienceLevel": "x"}, "experience"),
    ],
)
def test_a_line_that_no_job_can_match_is_refused(
    sandbox_client: SandboxClient, line: dict[str, str], field: str
) -> None:
    """It used to be accepted, and jobs were charged at the default price."""
    answer = prices(sandbox_client, {"clickPrice": "2.00"} | line)
    assert answer.status_code == 400
    assert field in answer.json()["message"]
