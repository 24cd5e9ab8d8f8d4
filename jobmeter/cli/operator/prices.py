"""Owns the commands ``jobmeter prices ...``: the click prices of partner contracts, on a running server.

Does not own prices: each command calls one of the operator's endpoints. Prices of slots and credits are with their
contracts (``jobmeter hiring-contracts``).
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import PartnerContractNumber, check_time

app = App(name="prices")


@app.command(name="list")
def list_prices(contract: PartnerContractNumber, *, server: Operator = OPERATOR) -> None:
    """Lists the click prices of a contract, past and future ones included, and which are in force.

    Example: jobmeter prices list 2008000001
    """
    found = server.call("GET", _path_of(contract))
    rows = [row | {"currency": found["currency"]} for row in found["elements"]]
    server.print_rows(
        rows, ("clickPrice", "validFrom", "isInForce", "country", "jobFunction", "experienceLevel")
    )


@app.command
def create(
    contract: PartnerContractNumber,
    price: Annotated[str, Parameter(help="Price of an apply click, such as 1.50.")],
    *,
    valid_from: Annotated[
        str, Parameter(validator=check_time, help="When the price becomes valid, as RFC 3339.")
    ],
    country: Annotated[str | None, Parameter(help="Only for jobs in this country, such as DE.")] = None,
    job_function: Annotated[str | None, Parameter(help="Only for jobs with this function.")] = None,
    experience_level: Annotated[
        str | None, Parameter(help="Only for jobs of this level, such as EXECUTIVE.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Sets a click price from a moment on, for all jobs or those with some traits; earlier prices stay in the history.

    Example: jobmeter prices create 2008000001 1.75 --valid-from 2027-01-01T00:00:00Z --country DE
    """
    body = {"clickPrice": price, "validFrom": valid_from} | list_given(
        country=country, jobFunction=job_function, experienceLevel=experience_level
    )
    server.show("POST", _path_of(contract), body)


def _path_of(contract: int) -> str:
    return f"/operator/contracts/{contract}/prices"
