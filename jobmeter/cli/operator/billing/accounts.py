"""Owns the commands ``jobmeter billing account``, ``seller`` and ``usage``, on a running server.

Does not own accounts: each command calls the operator's endpoints.
"""

import base64
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.billing import files, invoices, payments, statements
from jobmeter.cli.operator.billing.parties import BuyerOptions, SellerOptions, apply_changes, list_changes
from jobmeter.cli.operator.calls import (
    CREDENTIALS,
    CredentialsOption,
    call_and_print,
    call_operator,
    list_given,
    print_json,
    read_all,
)
from jobmeter.cli.options import (
    BIGINT_MAX,
    AccountNumber,
    ContractNumber,
    check_day,
    check_month,
    whole_number,
)
from jobmeter.sandbox.traffic.client import SandboxRefusedError

ROOT = "/operator/billing"

app = App(name="billing")
account = App(name="account", help="Manages billing accounts.")
seller = App(name="seller", help="Manages who issues the invoices.")
app.command(files.download)
app.command(
    "jobmeter.cli.operator.billing.checks:check",
    name="check",
    help="Makes the files of a sample of documents again, compares hashes, and checks electronic invoices; ends"
    " with 1 if any differs.",
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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Prints what the contracts of an account used in a month, and what is expected at its end."""
    path = f"{ROOT}/accounts/{number}/usage"
    call_and_print("GET", path if month is None else f"{path}?month={month}", credentials)


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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Creates the account of a partner in a currency and prints it."""
    body = {"partnerId": partner, "currency": currency, "profile": list_changes(profile or BuyerOptions())}
    settings = list_given(issues=issues, zeroMonth=zero_month, firstMonth=first_month)
    call_and_print("POST", f"{ROOT}/accounts", credentials, body | settings)


@account.command
def show(number: AccountNumber, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints an account with its profile, tax rates and agreements."""
    found = call_operator("GET", f"{ROOT}/accounts/{number}", credentials)
    agreements = read_all(f"{ROOT}/accounts/{number}/agreements", credentials, count=200)
    print_json(found | {"agreements": agreements})


@account.command(name="set")
def set_account(
    number: AccountNumber,
    *,
    first_month: FirstMonth = None,
    issues: IssuesOption = None,
    zero_month: ZeroMonthOption = None,
    valid_from: ValidFrom = None,
    profile: BuyerOptions | None = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Changes an account, and its profile from a day on; what is not given remains as it is."""
    path = f"{ROOT}/accounts/{number}"
    body: dict[str, Any] = list_given(issues=issues, zeroMonth=zero_month, firstMonth=first_month)
    changed = profile or BuyerOptions()
    if list_changes(changed):
        known = call_operator("GET", _on_day(path, valid_from), credentials)["profile"]
        body |= {"profile": apply_changes(known, changed)} | list_given(validFrom=valid_from)
    if not body:
        raise CommandFailed("nothing was given to change")
    call_and_print("PUT", path, credentials, body)


@account.command
def agree(
    number: AccountNumber,
    contract: ContractNumber,
    *,
    bills: Annotated[
        Literal["USE", "TOP_UPS"] | None, Parameter(help="What is billed; default: use, of slots top-ups.")
    ] = None,
    first_month: FirstMonth = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Bills CONTRACT by the account."""
    body = list_given(bills=bills, firstMonth=first_month)
    call_and_print("PUT", f"{ROOT}/accounts/{number}/agreements/{contract}", credentials, body)


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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Sets the tax of an account from a day on."""
    body = list_given(category=category, ratePercent=percent, reason=reason, validFrom=valid_from)
    call_and_print("POST", f"{ROOT}/accounts/{number}/taxRates", credentials, body)


@seller.command(name="show")
def show_seller(*, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints who issues the invoices, and its versions."""
    call_and_print("GET", f"{ROOT}/seller", credentials)


@seller.command(name="set")
def set_seller(
    *,
    valid_from: ValidFrom = None,
    logo: Annotated[
        Path | None,
        Parameter(help="Image for the first page of documents: a PNG or SVG of at most 200,000 bytes."),
    ] = None,
    without_logo: Annotated[bool, Parameter(negative="", help="Print no logo any more.")] = False,
    profile: SellerOptions | None = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Sets who issues the invoices, from a day on; what is not given remains as it is."""
    try:
        known = call_operator("GET", _on_day(f"{ROOT}/seller", valid_from), credentials)
    except SandboxRefusedError:
        known = None  # the first one
    body = apply_changes(known, profile or SellerOptions()) | list_given(validFrom=valid_from)
    if without_logo:
        body["logo"] = ""
    elif logo is not None:
        body["logo"] = _send_logo(logo, credentials)
    call_and_print("PUT", f"{ROOT}/seller", credentials, body)


def _send_logo(file: Path, credentials: Path) -> str:
    """Returns the name of the logo that the server keeps."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}") from error
    body = {"content": base64.b64encode(content).decode()}
    return str(call_operator("POST", f"{ROOT}/logos", credentials, body)["logo"])


def _on_day(path: str, day: str | None) -> str:
    return path if day is None else f"{path}?day={day}"
