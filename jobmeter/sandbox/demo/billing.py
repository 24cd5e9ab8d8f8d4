"""Owns the billing of the demonstration: who issues and receives its invoices, and the invoice of its month.

Does not own any amount; all of them come from the invoice. Uses the operator's endpoints only.
"""

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.table import Table

from jobmeter.base.terminal import Terminal
from jobmeter.sandbox.traffic.client import Sandbox, SandboxRefusedError

CURRENCY = "USD"
LINES_SHOWN = 5
SELLER = {
    "legalName": "Sandbox Job Board B.V.",
    "addressLines": ["Wilhelminakade 1"],
    "city": "Rotterdam",
    "postcode": "3072 AP",
    "country": "NL",
    "vatNumber": "NL123456782B90",
    "emails": ["billing@board.example.com"],
}
BUYER = {
    "legalName": "Sandbox Partner B.V.",
    "addressLines": ["Havenstraat 1"],
    "city": "Groningen",
    "postcode": "9711 AB",
    "country": "NL",
    "vatNumber": "NL000099998B57",
    "emails": ["accounts@partner.example.com"],
}
TAX = {"category": "S", "ratePercent": "21"}


def set_up_billing(sandbox: Sandbox) -> None:
    """Opens the partner's billing account, on which its clicks are invoiced month by month."""
    key = sandbox.credentials["operator_key"]
    contract_id = sandbox.credentials["partner_contract_id"]
    partner_id = sandbox.call("GET", f"/operator/contracts/{contract_id}", key=key)["partner"]
    sandbox.call("PUT", "/operator/billing/seller", key=key, json=SELLER)
    draft = {"partnerId": partner_id, "currency": CURRENCY, "profile": BUYER}
    account = sandbox.call("POST", "/operator/billing/accounts", key=key, json=draft)
    path = f"/operator/billing/accounts/{account['id']}"
    sandbox.call("POST", f"{path}/taxRates", key=key, json=TAX)
    sandbox.call("PUT", f"{path}/agreements/{contract_id}", key=key, json={})


def show_invoice(sandbox: Sandbox, console: Terminal) -> None:
    """Prints the invoice of the fullest month, and where its PDF is. Raises ``SandboxRefusedError`` if there is none."""
    key = sandbox.credentials["operator_key"]
    found = sandbox.call("GET", "/operator/invoices", key=key)["elements"]
    if not found:
        raise SandboxRefusedError("no month was invoiced")
    invoice = max(found, key=lambda one: one["lineCount"])
    lines = sandbox.call("GET", f"/operator/invoices/{invoice['id']}/lines", key=key)["elements"]
    console.print(_make_table(invoice, lines))
    console.print_line(f"Its PDF: {_keep_pdf(sandbox, invoice)}")


def _make_table(invoice: dict[str, Any], lines: list[dict[str, Any]]) -> Table:
    table = Table(
        title=f"Invoice {invoice['number']} of {invoice['month']}, due on {invoice['dueOn']}",
        title_justify="left",
    )
    for name in ("job", "clicks", "price", f"net, {CURRENCY}"):
        table.add_column(name, justify="left" if name == "job" else "right")
    dearest = sorted(lines, key=lambda line: Decimal(line["net"]), reverse=True)[:LINES_SHOWN]
    for line in dearest:
        table.add_row(line["title"], f"{line['quantity']:,}", line["price"], line["net"])
    table.add_row(f"and {invoice['lineCount'] - len(dearest):,} more jobs", "", "", "", end_section=True)
    table.add_row("net", "", "", invoice["net"])
    table.add_row(f"VAT {TAX['ratePercent']} %", "", "", invoice["tax"])
    table.add_row("total", "", "", invoice["total"])
    return table


def _keep_pdf(sandbox: Sandbox, invoice: dict[str, Any]) -> str:
    """Keeps the PDF where it outlives the sandbox, whose data is deleted; returns its path, or why there is none."""
    path = f"/operator/invoices/{invoice['id']}/files/pdf"
    try:
        content = sandbox.fetch(path, key=sandbox.credentials["operator_key"]).content
    except SandboxRefusedError as refused:  # the extra jobmeter[billing] is not installed
        return str(refused)
    kept = Path(tempfile.mkdtemp(prefix="jobmeter-invoice-")) / f"{invoice['number']}.pdf"
    kept.write_bytes(content)
    return str(kept)
