"""Owns the commands ``jobmeter hiring-contract ...``: create, list, show, grant, top up, adjust, price and end, on a running server.

Does not own the contracts: each command calls one of the operator's endpoints.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import (
    CREDENTIALS,
    CredentialsOption,
    call_and_print,
    list_given,
    print_json,
    read_all,
)
from jobmeter.cli.options import UNITS_MAX, ContractNumber, check_month, check_time, whole_number

ROOT = "/operator/hiringContracts"

app = App(name="hiring-contract")

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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Creates a hiring contract and prints it; jobs refer to its number as contract-id."""
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
    call_and_print("POST", ROOT, credentials, body)


@app.command
def show(contract: ContractNumber, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints a contract with its unused slots or credits."""
    call_and_print("GET", f"{ROOT}/{contract}", credentials)


@app.command(name="list")
def list_contracts(*, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints all hiring contracts.

    Example: jobmeter hiring-contract list
    """
    print_json(read_all(ROOT, credentials, count=200))


@app.command
def prices(contract: ContractNumber, *, credentials: CredentialsOption = CREDENTIALS) -> None:
    """Prints the price list of a contract, and which price is in force.

    Example: jobmeter hiring-contract prices 2008000005
    """
    call_and_print("GET", f"{ROOT}/{contract}/prices", credentials)


@app.command
def set_price(
    contract: ContractNumber,
    price: Annotated[str, Parameter(help="Price of a slot or credit, such as 100.00.")],
    *,
    valid_from: Annotated[
        str, Parameter(validator=check_time, help="When the price becomes valid, as RFC 3339.")
    ],
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Sets the price of a slot or credit from a moment on, after which none was used or paid for.

    Example: jobmeter hiring-contract set-price 2008000005 110.00 --valid-from 2027-01-01T00:00:00Z
    """
    call_and_print(
        "POST", f"{ROOT}/{contract}/prices", credentials, {"price": price, "validFrom": valid_from}
    )


@app.command
def uses(
    contract: ContractNumber,
    *,
    month: Annotated[
        str | None,
        Parameter(validator=check_month, help="Only what was used in this month, such as 2026-10."),
    ] = None,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Prints each posting and renewal that used a credit of a contract, at its price.

    Example: jobmeter hiring-contract uses 2008000005 --month 2026-10
    """
    print_json(read_all(f"{ROOT}/{contract}/uses", credentials, month=month, count=200))


@app.command
def grant(
    contract: ContractNumber, application: GrantedApplication, *, credentials: CredentialsOption = CREDENTIALS
) -> None:
    """Allows APPLICATION (a client id or URN) to post on the contract."""
    call_and_print("POST", f"{ROOT}/{contract}/grants", credentials, {"application": application})


@app.command
def top_up(
    contract: ContractNumber,
    units: PositiveUnits,
    reference: Reference,
    *,
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Adds UNITS slots or credits; repeating a REFERENCE has no effect."""
    call_and_print("POST", f"{ROOT}/{contract}/topUps", credentials, {"units": units, "reference": reference})


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
    credentials: CredentialsOption = CREDENTIALS,
) -> None:
    """Adjusts the slots or credits by UNITS, which may be negative; repeating a REFERENCE has no effect."""
    call_and_print(
        "POST", f"{ROOT}/{contract}/adjustments", credentials, {"units": units, "reference": reference}
    )


@app.command
def end(
    contract: ContractNumber, *, at: EndOption = None, credentials: CredentialsOption = CREDENTIALS
) -> None:
    """Ends the contract now or at a given time; after that its jobs can only be closed."""
    call_and_print("POST", f"{ROOT}/{contract}/end", credentials, {} if at is None else {"endsAt": at})
