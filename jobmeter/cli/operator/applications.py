"""Owns the commands ``jobmeter applications ...``: parents and children, their secrets and tokens, on a running server.

Does not own applications: each command calls one of the operator's endpoints. Partners create the children
(``jobmeter.client``).
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import BIGINT_MAX, PartnerOption, SearchOption, whole_number

ROOT = "/operator/applications"
COLUMNS = ("id", "partner", "name", "uniqueForeignId")

app = App(name="applications")

ApplicationNumber = Annotated[
    int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the application, as in its URN.")
]


@app.command(name="list")
def list_applications(
    *,
    partner: PartnerOption = None,
    search: SearchOption = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists applications: all, a partner's, or those whose name begins with a text; parents have no partner above them.

    Example: jobmeter applications list --partner 1000001
    """
    server.print_rows(server.read_all(ROOT, partnerId=partner, search=search), COLUMNS)


@app.command
def show(application: ApplicationNumber, *, server: Operator = OPERATOR) -> None:
    """Shows an application, whether it may create tokens, and its secrets: age, last four characters, last use to the hour.

    Example: jobmeter applications show 1000002
    """
    server.show("GET", f"{ROOT}/{application}")


@app.command
def rotate(
    application: ApplicationNumber,
    *,
    retire_older: Annotated[
        bool, Parameter(negative="", help="Whether the older of two secrets is removed first.")
    ] = False,
    revoke_others: Annotated[
        bool, Parameter(negative="", help="Whether all other secrets end at once: others may know one.")
    ] = False,
    server: Operator = OPERATOR,
) -> None:
    """Prints a further client secret, for example of a partner that lost its own; the one before it stays valid.

    Example: jobmeter applications rotate 1000001
    """
    body = {"retiresOlder": retire_older, "revokesOthers": revoke_others}
    server.show("POST", f"{ROOT}/{application}/secrets", body)


@app.command
def retire(application: ApplicationNumber, *, server: Operator = OPERATOR) -> None:
    """Ends a rotation: removes the older of two client secrets.

    Example: jobmeter applications retire 1000001
    """
    server.show("POST", f"{ROOT}/{application}/retirements")


@app.command
def permit(application: ApplicationNumber, *, server: Operator = OPERATOR) -> None:
    """Permits an application to create tokens again.

    Example: jobmeter applications permit 1000002
    """
    server.show("POST", f"{ROOT}/{application}/tokens", {"areAllowed": True})


@app.command
def forbid(
    application: ApplicationNumber,
    *,
    children: Annotated[bool, Parameter(negative="", help="Whether its children are included.")] = False,
    server: Operator = OPERATOR,
) -> None:
    """Forbids an application to create tokens, and revokes those that it has.

    Example: jobmeter applications forbid 1000001 --children
    """
    body = {"areAllowed": False, "includeChildren": children}
    server.show("POST", f"{ROOT}/{application}/tokens", body)
