"""Owns the commands ``jobmeter billing statement ...`` and ``billing refund ...``: what a partner bills on, on a running server.

Does not own statements or refunds: each command calls the operator's endpoints.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.base.terminal import Terminal
from jobmeter.cli.operator.calls import (
    CREDENTIALS,
    CredentialsOption,
    call_and_print,
    call_operator,
    fetch_file,
    list_given,
    print_json,
    read_all,
)
from jobmeter.cli.operator.invoices import check_month
from jobmeter.cli.options import BIGINT_MAX, whole_number

statement = App(name="statement", help="Lists, shows and downloads statements of a partner's customers.")
refund = App(name="refund", help="Lists and records what a partner refunded to its customers.")

PARTNERS = "/operator/partners"

Partner = Annotated[
    int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the partner's parent application.")
]
Month = Annotated[str, Parameter(validator=check_month, help="Month of the last year, such as 2026-10.")]
Customer = Annotated[
    str,
    Parameter(help="The customer as in the list: URN of its application, or e-mail address of the poster."),
]
JobCode = Annotated[str | None, Parameter(help="Only what was posted for this job code of the customer.")]
Currency = Annotated[
    str | None, Parameter(help="Currency, if the partner's contracts have several, such as EUR.")
]
Prices = Annotated[bool, Parameter(negative="", help="Show the prices that the partner pays.")]
Markup = Annotated[
    str | None, Parameter(help="Add a column with the partner's price: this many percent above its own.")
]


@statement.command(name="list")
def list_customers(partner: Partner, *, month: Month, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints the customers of PARTNER that used something in a month.

    Example: jobmeter billing statement list 1000001 --month 2026-10
    """
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        query = urlencode({"count": 200, "cursor": cursor})
        page = call_operator("GET", f"{_path(partner, month)}?{query}", credentials)
        found += page["elements"]
        cursor = page["nextCursor"]
        if not cursor:
            break
    print_json({"month": month, "elements": found})


@statement.command
def show(
    partner: Partner,
    *,
    month: Month,
    customer: Customer,
    customer_job_code: JobCode = None,
    currency: Currency = None,
    prices: Prices = False,
    markup_percent: Markup = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Prints the statement of a customer of PARTNER.

    Example: jobmeter billing statement show 1000001 --month 2026-10 --customer jobs@harbour.example
    """
    query = _query(
        customer,
        job_code=customer_job_code,
        currency=currency,
        prices=prices,
        markup_percent=markup_percent,
    )
    call_and_print("GET", f"{_path(partner, month)}?{query}&format=json", credentials)


@statement.command
def download(
    partner: Partner,
    *,
    month: Month,
    customer: Customer,
    customer_job_code: JobCode = None,
    currency: Currency = None,
    prices: Prices = False,
    markup_percent: Markup = None,
    file_format: Annotated[
        Literal["pdf", "csv", "xlsx", "json"], Parameter("--format", help="Format of the file.")
    ] = "pdf",
    output: Annotated[
        Path | None, Parameter(("--output", "-o"), help="File to write; default: statement-MONTH.FORMAT.")
    ] = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Downloads the statement of a customer of PARTNER.

    Example: jobmeter billing statement download 1000001 --month 2026-10 --customer jobs@harbour.example --format xlsx
    """
    query = _query(
        customer,
        job_code=customer_job_code,
        currency=currency,
        prices=prices,
        markup_percent=markup_percent,
    )
    name, _, content = fetch_file(f"{_path(partner, month)}?{query}&format={file_format}", credentials)
    target = output or Path(name)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{target} cannot be written: {error.strerror}") from error
    Terminal().print_line(f"{target}: {len(content):,} bytes")


@refund.command(name="list")
def list_refunds(partner: Partner, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints what PARTNER refunded to its customers.

    Example: jobmeter billing refund list 1000001
    """
    print_json(read_all(f"{PARTNERS}/{partner}/refunds", credentials, count=200))


@refund.command
def record(
    partner: Partner,
    invoice_line: Annotated[str, Parameter(help="Document and line, such as INV-2026-000001/3.")],
    *,
    amount: Annotated[str, Parameter(help="Amount in the invoice's currency, such as 12.50.")],
    reference: Annotated[str, Parameter(help="The partner's reference; a repeated one has no effect.")],
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Records that PARTNER refunded a line to its customer, whose statement shows it; no money of the platform moves.

    Example: jobmeter billing refund record 1000001 INV-2026-000001/3 --amount 12.50 --reference R-17
    """
    body = {"invoiceLine": invoice_line, "amount": amount, "reference": reference}
    call_and_print("POST", f"{PARTNERS}/{partner}/refunds", credentials, body)


def _path(partner: int, month: str) -> str:
    return f"{PARTNERS}/{partner}/statements/{month}"


def _query(
    customer: str,
    *,
    job_code: str | None,
    currency: str | None,
    prices: bool,
    markup_percent: str | None,
) -> str:
    return urlencode(
        list_given(
            customer=customer,
            customerJobCode=job_code,
            currency=currency,
            prices="mine" if prices else None,
            markupPercent=markup_percent,
        )
    )
