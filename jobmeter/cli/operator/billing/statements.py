"""Owns the commands ``jobmeter billing statement ...`` and ``billing refund ...``: what a partner bills on, on a running server.

Does not own statements or refunds: each command calls the operator's endpoints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import (
    OPERATOR,
    Operator,
    list_given,
    write_file,
)
from jobmeter.cli.options import PartnerNumber, check_month

statement = App(name="statement", help="Lists, shows and downloads statements of a partner's customers.")
refund = App(name="refund", help="Lists and records what a partner refunded to its customers.")

PARTNERS = "/operator/partners"

Month = Annotated[str, Parameter(validator=check_month, help="Month of the last year, such as 2026-10.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class StatementOptions:
    """Which statement, and with which columns."""

    customer: Annotated[
        str,
        Parameter(
            help="The customer as in the list: URN of its application, or e-mail address of the poster."
        ),
    ]
    customer_job_code: Annotated[
        str | None, Parameter(help="Only what was posted for this job code of the customer.")
    ] = None
    currency: Annotated[
        str | None, Parameter(help="Currency, if the partner's contracts have several, such as EUR.")
    ] = None
    prices: Annotated[bool, Parameter(negative="", help="Show the prices that the partner pays.")] = False
    markup_percent: Annotated[
        str | None, Parameter(help="Add a column with the partner's price: this many percent above its own.")
    ] = None

    def write_query(self) -> str:
        given = list_given(
            customer=self.customer,
            customerJobCode=self.customer_job_code,
            currency=self.currency,
            prices="mine" if self.prices else None,
            markupPercent=self.markup_percent,
        )
        return urlencode(given)


@statement.command(name="list")
def list_customers(partner: PartnerNumber, *, month: Month, server: Operator = OPERATOR) -> None:
    """Prints the customers of PARTNER that used something in a month.

    Example: jobmeter billing statement list 1000001 --month 2026-10
    """
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        query = urlencode({"count": 200, "cursor": cursor})
        page = server.call("GET", f"{_path(partner, month)}?{query}")
        found += page["elements"]
        cursor = page["nextCursor"]
        if not cursor:
            break
    server.print_rows(found, ("customer", "name", "postings", "amount"))


@statement.command
def show(
    partner: PartnerNumber,
    *,
    month: Month,
    options: StatementOptions,
    server: Operator = OPERATOR,
) -> None:
    """Prints the statement of a customer of PARTNER.

    Example: jobmeter billing statement show 1000001 --month 2026-10 --customer jobs@harbour.example
    """
    server.show("GET", f"{_path(partner, month)}?{options.write_query()}&format=json")


@statement.command
def download(
    partner: PartnerNumber,
    *,
    month: Month,
    options: StatementOptions,
    file_format: Annotated[
        Literal["pdf", "csv", "xlsx", "json"], Parameter("--format", help="Format of the file.")
    ] = "pdf",
    output: Annotated[
        Path | None, Parameter(("--output", "-o"), help="File to write; default: statement-MONTH.FORMAT.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Downloads the statement of a customer of PARTNER.

    Example: jobmeter billing statement download 1000001 --month 2026-10 --customer jobs@harbour.example --format xlsx
    """
    name, _, content = server.fetch_file(
        f"{_path(partner, month)}?{options.write_query()}&format={file_format}"
    )
    target = output or Path(name)
    write_file(target, content)
    server.print_record({"file": str(target), "bytes": len(content)})


@refund.command(name="list")
def list_refunds(partner: PartnerNumber, *, server: Operator = OPERATOR) -> None:
    """Prints what PARTNER refunded to its customers.

    Example: jobmeter billing refund list 1000001
    """
    server.print_rows(
        server.read_all(f"{PARTNERS}/{partner}/refunds"),
        ("reference", "invoiceLine", "amount", "currencyCode", "recordedAt"),
    )


@refund.command
def record(
    partner: PartnerNumber,
    invoice_line: Annotated[str, Parameter(help="Document and line, such as INV-2026-000001/3.")],
    *,
    amount: Annotated[str, Parameter(help="Amount in the invoice's currency, such as 12.50.")],
    reference: Annotated[str, Parameter(help="The partner's reference; a repeated one has no effect.")],
    server: Operator = OPERATOR,
) -> None:
    """Records that PARTNER refunded a line to its customer, whose statement shows it; no money of the platform moves.

    Example: jobmeter billing refund record 1000001 INV-2026-000001/3 --amount 12.50 --reference R-17
    """
    body = {"invoiceLine": invoice_line, "amount": amount, "reference": reference}
    server.show("POST", f"{PARTNERS}/{partner}/refunds", body)


def _path(partner: int, month: str) -> str:
    return f"{PARTNERS}/{partner}/statements/{month}"
