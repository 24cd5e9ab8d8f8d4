"""Owns a partner with invoices: clicks of a customer, credits of a reseller, a slot of a client, a month that ended.

Does not own any expectation.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from jobmeter.base.days import month_after
from tests.stories.operator.billing.scene import BUYER, REASON, SELLER
from tests.support.sandbox_client import SandboxClient, bearer, make_event
from tests.support.xml_partner import POSTER, XmlPartner

CLICKS = 7  # of 1.50 USD each; a credit costs 100.00 USD
MORE = 50  # jobs with a click each, so that the lines need a second page


@dataclass(frozen=True)
class Scene:
    """``jobs`` are by what pays for them: clicks, credit, slot. The month is that of the first invoice."""

    sandbox_client: SandboxClient
    account_id: int
    jobs: dict[str, int]
    month: date

    def operate(self, method: str, path: str, body: Any = None) -> Any:
        key = self.sandbox_client.credentials["operator_key"]
        answer = self.sandbox_client.client.request(
            method, f"/operator/{path}", json=body, headers=bearer(key)
        )
        assert answer.is_success, (path, answer.text)
        return answer.json()

    def list_invoices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.operate("GET", f"invoices?account={self.account_id}")["elements"]
        return found


def open_account(sandbox_client: SandboxClient) -> Scene:
    """Opens the partner's account, which bills its clicks and its credits, on the last day of a month: each midnight takes a while."""
    first = month_after((sandbox_client.now.date() + timedelta(days=1)).replace(day=1))
    last = first - timedelta(days=1)
    sandbox_client.set_clock(datetime(last.year, last.month, last.day, 9, tzinfo=UTC))
    scene = Scene(sandbox_client, 0, {}, last.replace(day=1))
    scene.operate("PUT", "billing/seller", SELLER)
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    draft = {"partnerId": partner_id, "currency": "USD", "profile": BUYER}
    account_id = scene.operate("POST", "billing/accounts", draft)["id"]
    root = f"billing/accounts/{account_id}"
    scene.operate("POST", f"{root}/taxRates", {"category": "O", "reason": REASON})
    for contract in (sandbox_client.credentials["partner_contract_id"], XmlPartner(sandbox_client).credits):
        scene.operate("PUT", f"{root}/agreements/{contract}", {})
    return Scene(sandbox_client, account_id, {}, scene.month)


def use_all(scene: Scene, *, renews: bool = True, more: int = MORE) -> Scene:
    """Posts a job of each kind and ``more``; the one with clicks gets some, and the reseller's is renewed once, if it ``renews``."""
    client, xml = scene.sandbox_client, XmlPartner(scene.sandbox_client)
    clicks = client.post_job("clicks", posterEmail=POSTER, title="Harbour <b>pilot</b>")
    client.send_clicks(clicks, CLICKS)
    rows = client.batch_create([client.job_element(f"more-{number:02d}") for number in range(more)])
    others = [int(client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1]) for row in rows]
    client.send([make_event(job, f"one-{job}", client.now_ms, type="applyClick") for job in others])
    for name, contract in (("credit", xml.credits), ("slot", xml.slots)):
        answer = xml.post(name, contract, poster=POSTER if name == "credit" else "")
        assert answer.status_code == 201, answer.text
    if renews:
        assert xml.renew("credit", xml.credits).status_code == 200
    jobs = {name: int(xml.get(name, ":(id)").findtext("id") or 0) for name in ("credit", "slot")}
    return Scene(client, scene.account_id, {"clicks": clicks} | jobs, scene.month)


def end_month(scene: Scene) -> dict[str, Any]:
    """Moves the clock to the day on which the month is billed, with a click on the day after it; returns its invoice."""
    first = month_after(scene.month)
    scene.sandbox_client.set_clock(datetime.combine(first, time(9), UTC))
    if "clicks" in scene.jobs:
        scene.sandbox_client.send_clicks(scene.jobs["clicks"], 1, prefix="later")
    over = first + timedelta(days=2)
    scene.sandbox_client.set_clock(datetime.combine(over, datetime.min.time(), UTC) + timedelta(seconds=1))
    (invoice,) = scene.list_invoices()
    return invoice
