"""A partner opens its own invoice down to charges and clicks, and sees its payments; of visitors and of others it sees nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.stories.operator.billing import conftest, test_invoices
from tests.stories.operator.billing.test_invoices import finish_month
from tests.support.sandbox_client import SandboxClient, add_partner, bearer

operate, partner_id, billed = conftest.operate, conftest.partner_id, test_invoices.billed
Operate = Callable[..., Any]


def read(sandbox_client: SandboxClient, path: str, who: str = "parent") -> Any:
    return sandbox_client.client.get(f"/partner/{path}", headers=bearer(sandbox_client.token(who)))


@pytest.mark.long
def test_a_partner_opens_a_line_to_its_charges_and_clicks_page_by_page(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 3)
    sandbox_client.advance_to_midnight()
    sandbox_client.send_clicks(job_id, 2, prefix="d")
    finish_month(sandbox_client)
    (invoice,) = read(sandbox_client, "invoices").json()["elements"]
    lines = f"invoices/{invoice['id']}/lines/1"

    # the same charges as the operator's, without the numbers of postings
    charges, theirs = (
        read(sandbox_client, f"{lines}/charges").json(),
        operate("GET", f"{lines}/charges").json(),
    )
    without = [{name: one[name] for name in one if name != "number"} for one in theirs["elements"]]
    assert charges == theirs | {"elements": without}
    assert (len(charges["elements"]), charges["clicksKept"], charges["nextAfter"]) == (2, True, None)
    # the same clicks, of which it sees what they cost
    clicks = read(sandbox_client, f"{lines}/clicks").json()
    seen = operate("GET", f"{lines}/clicks").json()["elements"]
    shown = ("eventKey", "at", "charge", "amount")
    assert clicks["elements"] == [{name: one[name] for name in shown} for one in seen]
    assert len(clicks["elements"]) == 5
    assert all(one["visitor"] for one in seen)
    # a list continues after any of its elements
    for kind, name, elements in (
        ("charges", "reference", charges["elements"]),
        ("clicks", "eventKey", clicks["elements"]),
    ):
        rest = read(sandbox_client, f"{lines}/{kind}?after={elements[0][name]}").json()["elements"]
        assert rest == elements[1:]
        assert read(sandbox_client, f"{lines}/{kind}?after=x").status_code == 400
        assert read(sandbox_client, f"invoices/{invoice['id']}/lines/2/{kind}").status_code == 404


@pytest.mark.long
@pytest.mark.parametrize("sandbox_client", [{"event_retention_days": 5}], indirect=True)
def test_when_the_events_are_gone_a_partner_sees_since_when(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any]
) -> None:
    sandbox_client.send_clicks(sandbox_client.post_job("old"), 3)
    finish_month(sandbox_client)
    sandbox_client.advance("3d")
    (invoice,) = read(sandbox_client, "invoices").json()["elements"]
    lines = f"invoices/{invoice['id']}/lines/1"
    clicks = read(sandbox_client, f"{lines}/clicks").json()
    assert (clicks["elements"], clicks["clicksKept"]) == ([], False)
    dropped_at = operate("GET", f"{lines}/clicks").json()["eventsDroppedAt"]
    assert clicks["eventsDroppedAt"] == dropped_at is not None
    charges = read(sandbox_client, f"{lines}/charges").json()
    assert (len(charges["elements"]), charges["clicksKept"]) == (1, False)


def test_lines_and_payments_of_others_are_not_there(
    sandbox_client: SandboxClient, operate: Operate, billed: dict[str, Any], database_url: str
) -> None:
    job_id = sandbox_client.post_job("sold")
    sandbox_client.send_clicks(job_id, 2)
    finish_month(sandbox_client)
    (invoice,) = read(sandbox_client, "invoices").json()["elements"]
    into = f"billing/accounts/{billed['id']}/payments"
    for reference in ("bank 1", "bank 2"):
        body = {"amount": "1.00", "reference": reference, "note": "called twice"}
        assert operate("POST", into, body).status_code == 201
    paid = read(sandbox_client, "payments").json()["elements"]
    assert [one["reference"] for one in paid] == ["bank 1", "bank 2"]
    assert (paid[0]["pays"][0]["number"], paid[0]["amount"]) == (invoice["number"], "1.00")
    assert all("note" not in one for one in paid)
    first = read(sandbox_client, "payments?count=1").json()
    assert first["elements"] == paid[:1]
    rest = read(sandbox_client, f"payments?count=1&after={first['nextAfter']}").json()
    assert (rest["elements"], rest["nextAfter"]) == (paid[1:], None)
    assert operate("GET", into).json()["elements"][0]["note"] == "called twice"

    stranger = add_partner(sandbox_client, database_url)
    for client, who in ((stranger, "parent"), (sandbox_client, "child")):
        assert read(client, "payments", who).json()["elements"] == []
        for kind in ("charges", "clicks"):
            foreign = read(client, f"invoices/{invoice['id']}/lines/1/{kind}", who)
            unknown = read(client, f"invoices/4/lines/1/{kind}", who)
            assert foreign.status_code == unknown.status_code == 404
            assert foreign.json()["message"] == unknown.json()["message"].replace("4", str(invoice["id"]))
