"""Owns the commands ``jobmeter hiring-contracts ...``: create, list, show, grant, top up, adjust, price and end, on a running server.

Does not own the contracts: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import (
    OPERATOR,
    Operator,
    list_given,
)
from jobmeter.cli.options import UNITS_MAX, ContractNumber, check_month, check_time, whole_number

ROOT = "/operator/hiringContracts"

app = App(name="hiring-contracts")

GrantedApplication = Annotated[str, Parameter(help="The application: a client id or URN.")]
PositiveUnits = Annotated[int, whole_number(least=1, most=UNITS_MAX, meaning="Number of slots or credits.")]
Reference = Annotated[str, Parameter(help="Your reference, such as an order; a repeated one has no effect.")]
EndOption = Annotated[
    str | None,
    Parameter("--at", validator=check_time, help="When the contract ends, as RFC 3339; default: now."),
]


@app.command
def create(
    *,
    kind: Annotated[
        Literal["SLOTS", "CREDITS"],
        Parameter(help="SLOTS of a client, which jobs occupy, or CREDITS of a reseller, which jobs use up."),
    ],
    owner: Annotated[str, Parameter(help="Name of the client or reseller.")],
    currency: Annotated[str, Parameter(help="Currency of the price, such as EUR.")],
    starts_at: Annotated[str, Parameter(validator=check_time, help="When the contract starts, as RFC 3339.")],
    ends_at: Annotated[str, Parameter(validator=check_time, help="When the contract ends, as RFC 3339.")],
    units: Annotated[int, whole_number(least=0, most=UNITS_MAX, meaning="Number of slots or credits.")] = 0,
    price: Annotated[str, Parameter(help="Price of a slot or credit, such as 100.00.")] = "0",
    run_days: Annotated[int, whole_number(least=1, most=365, meaning="How many days a job runs.")] = 30,
    postpaid: Annotated[
        bool, Parameter(negative="", help="Whether credits are counted instead of limited.")
    ] = False,
    owner_application: Annotated[
        str | None, Parameter(help="The reseller's application: a client id or URN.")
    ] = None,
    default_poster_email: Annotated[
        str | None, Parameter(help="Poster of jobs that name none; one of the seats.")
    ] = None,
    seats: Annotated[
        tuple[str, ...], Parameter(help="E-mail addresses of members who may post; repeat the option.")
    ] = (),
    server: Operator = OPERATOR,
) -> None:
    """Creates a hiring contract and prints it; jobs refer to its number as contract-id.

    Example: jobmeter hiring-contracts create --kind CREDITS --owner "Agency GmbH" --currency EUR --units 50
    --price 110.00 --starts-at 2026-12-01T00:00:00Z --ends-at 2027-12-01T00:00:00Z
    """
    body = list_given(
        kind=kind,
        owner=owner,
        ownerApplication=owner_application,
        isPostpaid=postpaid,
        currency=currency,
        units=units,
        price=price,
        runDays=run_days,
        defaultPosterEmail=default_poster_email,
        seats=list(seats),
        startsAt=starts_at,
        endsAt=ends_at,
    )
    server.show("POST", ROOT, body)


@app.command
def show(contract: ContractNumber, *, server: Operator = OPERATOR) -> None:
    """Shows a contract with its unused slots or credits.

    Example: jobmeter hiring-contracts show 2008000005
    """
    server.show("GET", f"{ROOT}/{contract}")


@app.command(name="list")
def list_contracts(*, server: Operator = OPERATOR) -> None:
    """Lists all hiring contracts.

    Example: jobmeter hiring-contracts list
    """
    server.print_rows(server.read_all(ROOT), ("id", "kind", "owner", "currency", "endsAt"))


@app.command
def prices(contract: ContractNumber, *, server: Operator = OPERATOR) -> None:
    """Lists the prices of a contract, and which one is in force.

    Example: jobmeter hiring-contracts prices 2008000005
    """
    found = server.call("GET", f"{ROOT}/{contract}/prices")
    rows = [row | {"currency": found["currency"]} for row in found["elements"]]
    server.print_rows(rows, ("price", "currency", "validFrom", "isInForce"))


@app.command
def set_price(
    contract: ContractNumber,
    price: Annotated[str, Parameter(help="Price of a slot or credit, such as 100.00.")],
    *,
    valid_from: Annotated[
        str, Parameter(validator=check_time, help="When the price becomes valid, as RFC 3339.")
    ],
    server: Operator = OPERATOR,
) -> None:
    """Sets the price of a slot or credit from a moment on, after which none was used or paid for.

    Example: jobmeter hiring-contracts set-price 2008000005 110.00 --valid-from 2027-01-01T00:00:00Z
    """
    server.show("POST", f"{ROOT}/{contract}/prices", {"price": price, "validFrom": valid_from})


@app.command
def uses(
    contract: ContractNumber,
    *,
    month: Annotated[
        str | None,
        Parameter(validator=check_month, help="Only what was used in this month, such as 2026-10."),
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists each posting and renewal that used a credit of a contract, at its price.

    Example: jobmeter hiring-contracts uses 2008000005 --month 2026-10
    """
    rows = server.read_all(f"{ROOT}/{contract}/uses", month=month)
    server.print_rows(rows, ("usedAt", "kind", "externalJobPostingId", "title", "price", "currencyCode"))


@app.command
def grant(contract: ContractNumber, application: GrantedApplication, *, server: Operator = OPERATOR) -> None:
    """Allows APPLICATION (a client id or URN) to post on the contract.

    Example: jobmeter hiring-contracts grant 2008000005 urn:li:developerApplication:1000002
    """
    server.show("POST", f"{ROOT}/{contract}/grants", {"application": application})


@app.command
def top_up(
    contract: ContractNumber,
    units: PositiveUnits,
    reference: Reference,
    *,
    server: Operator = OPERATOR,
) -> None:
    """Adds UNITS slots or credits; repeating a REFERENCE has no effect.

    Example: jobmeter hiring-contracts top-up 2008000005 20 order-17
    """
    server.show("POST", f"{ROOT}/{contract}/topUps", {"units": units, "reference": reference})


@app.command
def adjust(
    contract: ContractNumber,
    units: Annotated[
        int,
        whole_number(
            least=-UNITS_MAX,
            most=UNITS_MAX,
            meaning="Number of slots or credits; negative to take some away.",
            allow_leading_hyphen=True,
        ),
    ],
    reference: Reference,
    *,
    server: Operator = OPERATOR,
) -> None:
    """Adjusts the slots or credits by UNITS, which may be negative; repeating a REFERENCE has no effect.

    Example: jobmeter hiring-contracts adjust 2008000005 -2 correction-3
    """
    server.show("POST", f"{ROOT}/{contract}/adjustments", {"units": units, "reference": reference})


@app.command
def end(contract: ContractNumber, *, at: EndOption = None, server: Operator = OPERATOR) -> None:
    """Ends the contract now or at a given time; after that its jobs can only be closed.

    Example: jobmeter hiring-contracts end 2008000005 --at 2026-12-31T23:00:00Z
    """
    server.show("POST", f"{ROOT}/{contract}/end", {} if at is None else {"endsAt": at})
