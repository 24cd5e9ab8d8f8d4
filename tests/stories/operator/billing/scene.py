"""Owns a partner with invoices in a sandbox: an account that bills used credits, months that pass, payments.

Does not own any expectation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.xml_partner import POSTER, XmlPartner

ADDRESS = {"addressLines": ["Kade 1"], "city": "Rotterdam", "postcode": "3011 AB", "country": "NL"}
SELLER = ADDRESS | {"legalName": "Board B.V.", "vatNumber": "NL004495445B01", "iban": "NL91ABNA0417164300"}
BUYER = ADDRESS | {"legalName": "Partner B.V.", "termsDays": 14}
REASON = "Outside the scope of tax"


@dataclass(frozen=True)
class InvoicedPartner:
    """``account_id`` bills the sandbox partner's contract for credits, 100.00 USD each, without tax."""

    sandbox_client: SandboxClient
    account_id: int

    def operate(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.sandbox_client.client.request(
            method,
            f"/operator/{path}",
            json=body,
            headers=bearer(self.sandbox_client.credentials["operator_key"]) | headers,
        )

    def read(self, path: str) -> Any:
        answer = self.operate("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def use_credits(self, *names: str) -> None:
        partner = XmlPartner(self.sandbox_client)
        for name in names:
            answer = partner.post(name, partner.credits, poster=POSTER)
            assert answer.status_code == 201, answer.text

    def end_month(self) -> list[dict[str, Any]]:
        """Moves the clock to the day on which this month is billed; returns the account's documents."""
        first = (self.sandbox_client.now.replace(day=1) + timedelta(days=32)).replace(day=1)
        self.sandbox_client.set_clock(datetime(first.year, first.month, 3, 0, 0, 1, tzinfo=UTC))
        return self.list_invoices()

    def set_day(self, day: date) -> None:
        self.sandbox_client.set_clock(datetime(day.year, day.month, day.day, 0, 0, 1, tzinfo=UTC))

    def list_invoices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.read(f"invoices?account={self.account_id}")["elements"]
        return found

    def read_invoice(self, invoice: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.read(f"invoices/{invoice['id']}")
        return found

    def pay(self, amount: str, reference: str, invoice: dict[str, Any] | None = None, **more: Any) -> Any:
        path = f"billing/accounts/{self.account_id}" if invoice is None else f"invoices/{invoice['id']}"
        return self.operate("POST", f"{path}/payments", {"amount": amount, "reference": reference} | more)


def open_invoiced_partner(sandbox_client: SandboxClient) -> InvoicedPartner:
    """Opens the account from this month on; the clock is set to its last day, because each midnight takes a while."""
    now = sandbox_client.now + timedelta(days=1)
    last = (now.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    sandbox_client.set_clock(datetime(last.year, last.month, last.day, 9, tzinfo=UTC))
    draft = InvoicedPartner(sandbox_client, 0)
    _must(draft.operate, "PUT", "billing/seller", SELLER)
    partner_id = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    account = _must(
        draft.operate,
        "POST",
        "billing/accounts",
        {"partnerId": partner_id, "currency": "USD", "profile": BUYER},
    )
    root = f"billing/accounts/{account['id']}"
    _must(draft.operate, "POST", f"{root}/taxRates", {"category": "O", "reason": REASON})
    contract = XmlPartner(sandbox_client).credits
    _must(draft.operate, "PUT", f"{root}/agreements/{contract}", {"bills": "USE"})
    return InvoicedPartner(sandbox_client, int(account["id"]))


def _must(operate: Callable[..., Any], method: str, path: str, body: Any) -> Any:
    answer = operate(method, path, body)
    assert answer.is_success, (path, answer.text)
    return answer.json()
