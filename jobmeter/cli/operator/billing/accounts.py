"""Owns the commands ``jobmeter billing account``, ``seller`` and ``usage``, on a running server.

Does not own accounts: each command calls the operator's endpoints.
"""

import base64
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.failures import ServerRefusedError
from jobmeter.cli.operator.billing import files, invoices, payments, statements
from jobmeter.cli.operator.billing.parties import BuyerOptions, SellerOptions, apply_changes, list_changes
from jobmeter.cli.operator.calls import (
    OPERATOR,
    Operator,
    list_given,
)
from jobmeter.cli.options import (
    BIGINT_MAX,
    AccountNumber,
    ContractNumber,
    check_day,
    check_month,
    whole_number,
)

ROOT = "/operator/billing"

app = App(name="billing")
account = App(name="account", help="Manages billing accounts.")
seller = App(name="seller", help="Manages who issues the invoices.")
app.command(files.download)
app.command(
    "jobmeter.cli.operator.billing.checks:check",
    name="check",
    help="Makes the files of a sample of documents again, compares hashes, and checks electronic invoices; ends"
    " with 1 if any differs.\n\nExample: jobmeter billing check --sample 5",
)
app.command(account)
app.command(seller)
app.command(statements.statement)
app.command(statements.refund)
app.command(invoices.run_month, name="run")
app.command(invoices.list_documents, name="list")
app.command(invoices.show, name="show")
app.command(invoices.open_line, name="open")
app.command(invoices.credit, name="credit")
for verb in (
    payments.pay,
    payments.receive,
    payments.top_up,
    payments.reverse,
    payments.payments,
    payments.ages,
):
    app.command(verb)


FirstMonth = Annotated[
    str | None,
    Parameter(validator=check_month, help="First month that is invoiced, such as 2026-11."),
]
ValidFrom = Annotated[
    str | None, Parameter(validator=check_day, help="First day of the change; default: today.")
]
IssuesOption = Annotated[
    Literal["ALONE", "HELD"] | None,
    Parameter(help="ALONE: invoices are issued by the server; HELD: by the operator."),
]
ZeroMonthOption = Annotated[
    Literal["NOTHING", "STATEMENT"] | None, Parameter(help="What a month without lines produces.")
]


@app.command
def usage(
    number: AccountNumber,
    *,
    month: Annotated[
        str | None,
        Parameter(validator=check_month, help="Month such as 2026-11; default: the current one."),
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Shows what the contracts of an account used in a month, and what is expected at its end.

    Example: jobmeter billing usage 5000001 --month 2026-11
    """
    path = f"{ROOT}/accounts/{number}/usage"
    server.show("GET", path if month is None else f"{path}?month={month}")


@account.command
def create(
    *,
    partner: Annotated[
        int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the partner's parent application.")
    ],
    currency: Annotated[str, Parameter(help="Currency of the account, such as EUR.")],
    first_month: FirstMonth = None,
    issues: IssuesOption = None,
    zero_month: ZeroMonthOption = None,
    profile: BuyerOptions | None = None,
    server: Operator = OPERATOR,
) -> None:
    """Creates the account of a partner in a currency and prints it.

    Example: jobmeter billing account create --partner 1000001 --currency EUR --legal-name "Partner GmbH" --city Berlin
    """
    body = {"partnerId": partner, "currency": currency, "profile": list_changes(profile or BuyerOptions())}
    settings = list_given(issues=issues, zeroMonth=zero_month, firstMonth=first_month)
    server.show("POST", f"{ROOT}/accounts", body | settings)


@account.command(name="list")
def list_accounts(
    *,
    partner: Annotated[
        int | None, whole_number(least=0, most=BIGINT_MAX, meaning="Only the accounts of this partner.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists billing accounts.

    Example: jobmeter billing account list
    """
    rows = server.read_all(f"{ROOT}/accounts", partnerId=partner)
    server.print_rows(rows, ("id", "partner", "currency", "issues", "firstMonth"))


@account.command
def show(number: AccountNumber, *, server: Operator = OPERATOR) -> None:
    """Shows an account with its profile, tax rates and agreements.

    Example: jobmeter billing account show 5000001
    """
    found = server.call("GET", f"{ROOT}/accounts/{number}")
    agreements = server.read_all(f"{ROOT}/accounts/{number}/agreements")
    server.print_record(found | {"agreements": agreements})


@account.command(name="update")
def update_account(
    number: AccountNumber,
    *,
    first_month: FirstMonth = None,
    issues: IssuesOption = None,
    zero_month: ZeroMonthOption = None,
    valid_from: ValidFrom = None,
    profile: BuyerOptions | None = None,
    server: Operator = OPERATOR,
) -> None:
    """Changes an account, and its profile from a day on; what is not given remains as it is.

    Example: jobmeter billing account update 5000001 --email invoices@partner.example --valid-from 2026-12-01
    """
    path = f"{ROOT}/accounts/{number}"
    body: dict[str, Any] = list_given(issues=issues, zeroMonth=zero_month, firstMonth=first_month)
    changed = profile or BuyerOptions()
    if list_changes(changed):
        known = server.call("GET", _on_day(path, valid_from))["profile"]
        body |= {"profile": apply_changes(known, changed)} | list_given(validFrom=valid_from)
    if not body:
        raise CommandFailed("nothing was given to change")
    server.show("PUT", path, body)


@account.command
def agree(
    number: AccountNumber,
    contract: ContractNumber,
    *,
    bills: Annotated[
        Literal["USE", "TOP_UPS"] | None, Parameter(help="What is billed; default: use, of slots top-ups.")
    ] = None,
    first_month: FirstMonth = None,
    server: Operator = OPERATOR,
) -> None:
    """Bills CONTRACT by the account.

    Example: jobmeter billing account agree 5000001 2008000005
    """
    body = list_given(bills=bills, firstMonth=first_month)
    server.show("PUT", f"{ROOT}/accounts/{number}/agreements/{contract}", body)


@account.command
def tax(
    number: AccountNumber,
    *,
    category: Annotated[
        Literal["S", "Z", "E", "AE", "K", "G", "O"], Parameter(help="Tax category of EN 16931.")
    ],
    percent: Annotated[str | None, Parameter(help="Rate in percent, of category S only.")] = None,
    reason: Annotated[str | None, Parameter(help="Reason why no tax is charged.")] = None,
    valid_from: ValidFrom = None,
    server: Operator = OPERATOR,
) -> None:
    """Sets the tax of an account from a day on.

    Example: jobmeter billing account tax 5000001 --category S --percent 21
    """
    body = list_given(category=category, ratePercent=percent, reason=reason, validFrom=valid_from)
    server.show("POST", f"{ROOT}/accounts/{number}/taxRates", body)


@seller.command(name="show")
def show_seller(*, server: Operator = OPERATOR) -> None:
    """Shows who issues the invoices, and its versions.

    Example: jobmeter billing seller show
    """
    server.show("GET", f"{ROOT}/seller")


@seller.command(name="update")
def update_seller(
    *,
    valid_from: ValidFrom = None,
    logo: Annotated[
        Path | None,
        Parameter(help="Image for the first page of documents: a PNG or SVG of at most 200,000 bytes."),
    ] = None,
    without_logo: Annotated[bool, Parameter(negative="", help="Print no logo any more.")] = False,
    profile: SellerOptions | None = None,
    server: Operator = OPERATOR,
) -> None:
    """Sets who issues the invoices, from a day on; what is not given remains as it is.

    Example: jobmeter billing seller update --legal-name "Board B.V." --city Rotterdam --country NL
    """
    try:
        known = server.call("GET", _on_day(f"{ROOT}/seller", valid_from))
    except ServerRefusedError:
        known = None  # the first one
    body = apply_changes(known, profile or SellerOptions()) | list_given(validFrom=valid_from)
    if without_logo:
        body["logo"] = ""
    elif logo is not None:
        body["logo"] = _send_logo(server, logo)
    server.show("PUT", f"{ROOT}/seller", body)


def _send_logo(server: Operator, file: Path) -> str:
    """Returns the name of the logo that the server keeps."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}") from error
    body = {"content": base64.b64encode(content).decode()}
    return str(server.call("POST", f"{ROOT}/logos", body)["logo"])


def _on_day(path: str, day: str | None) -> str:
    return path if day is None else f"{path}?day={day}"
