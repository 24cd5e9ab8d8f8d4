"""Owns the commands ``jobmeter contracts ...``: partner contracts, their customers and money, on a running server.

Does not own contracts: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import (
    BIGINT_MAX,
    PartnerContractNumber,
    PartnerNumber,
    PartnerOption,
    check_time,
    whole_number,
)

ROOT = "/operator/contracts"
COLUMNS = ("id", "partner", "limit", "currency", "termEndsAt")

app = App(name="contracts")


@app.command(name="list")
def list_contracts(*, partner: PartnerOption = None, server: Operator = OPERATOR) -> None:
    """Lists partner contracts: service terms, limits and currencies.

    Example: jobmeter contracts list --partner 1000001
    """
    server.print_rows(server.read_all(ROOT, partnerId=partner), COLUMNS)


@app.command
def show(contract: PartnerContractNumber, *, server: Operator = OPERATOR) -> None:
    """Shows a contract with what is available of it, also by the number of a customer's contract.

    Example: jobmeter contracts show 2008000001
    """
    server.show("GET", f"{ROOT}/{contract}")


@app.command
def create(
    partner: PartnerNumber,
    *,
    currency: Annotated[str, Parameter(help="Currency of the contract, such as EUR.")],
    limit: Annotated[str, Parameter(help="Money that the partner may spend in the term, such as 5000.00.")],
    click_price: Annotated[str, Parameter(help="Price of an apply click, such as 1.50.")],
    starts_at: Annotated[str, Parameter(validator=check_time, help="When the term starts, as RFC 3339.")],
    ends_at: Annotated[str, Parameter(validator=check_time, help="When the term ends, as RFC 3339.")],
    pacing: Annotated[
        Literal["ASAP", "EVEN"], Parameter(help="How fast jobs spend their total budgets.")
    ] = "ASAP",
    number: Annotated[
        int | None,
        whole_number(least=1, most=BIGINT_MAX, meaning="Number of the contract; default: the next."),
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Opens a pay-for-performance contract of a partner.

    Example: jobmeter contracts create 1000001 --currency EUR --limit 5000.00 --click-price 1.50
    --starts-at 2026-12-01T00:00:00Z --ends-at 2027-12-01T00:00:00Z
    """
    body = {
        "currency": currency,
        "limit": limit,
        "clickPrice": click_price,
        "termStartsAt": starts_at,
        "termEndsAt": ends_at,
        "pacing": pacing,
    }
    server.show("POST", f"/operator/partners/{partner}/contracts", body | list_given(contractId=number))


@app.command
def update(
    contract: PartnerContractNumber,
    *,
    pacing: Annotated[
        Literal["ASAP", "EVEN"],
        Parameter(help="How fast jobs that are posted from now on spend their budgets."),
    ],
    server: Operator = OPERATOR,
) -> None:
    """Sets how fast the contract's jobs spend their budgets.

    Example: jobmeter contracts update 2008000001 --pacing EVEN
    """
    server.show("PUT", f"{ROOT}/{contract}/pacing", {"pacing": pacing})


@app.command
def top_up(
    contract: PartnerContractNumber,
    amount: Annotated[str, Parameter(help="Money to add to the limit, such as 500.00.")],
    reference: Annotated[
        str, Parameter(help="Your reference, such as an order; a repeated one has no effect.")
    ],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Adds money to the limit of a contract; repeating a REFERENCE has no effect.

    Example: jobmeter contracts top-up 2008000001 500.00 order-17
    """
    server.show("POST", f"{ROOT}/{contract}/topUps", {"amount": amount, "reference": reference})


@app.command
def customers(contract: PartnerContractNumber, *, server: Operator = OPERATOR) -> None:
    """Lists the contracts of the partner's customers, which share this one.

    Example: jobmeter contracts customers 2008000001
    """
    rows = server.read_all(f"{ROOT}/{contract}/customers")
    server.print_rows(rows, ("id", "application", "createdAt"))


@app.command
def filters(contract: PartnerContractNumber, *, server: Operator = OPERATOR) -> None:
    """Shows which clicks a contract does not count.

    Example: jobmeter contracts filters 2008000001
    """
    server.show("GET", f"{ROOT}/{contract}/filters")
