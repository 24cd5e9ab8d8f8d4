"""Owns the commands ``jobmeter exclusions ...``: clicks that never count, on a running server.

Does not own exclusions: each command calls one of the operator's endpoints.
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import BIGINT_MAX, check_day, whole_number

ROOT = "/operator/exclusions"

app = App(name="exclusions")


@app.command(name="list")
def list_exclusions(*, server: Operator = OPERATOR) -> None:
    """Lists what the operator excluded. A visitor's identifier is not kept, only a number made from it.

    Example: jobmeter exclusions list
    """
    columns = ("id", "criterion", "jobId", "network", "hash", "day", "note")
    server.print_rows(server.read_all(ROOT), columns)


@app.command
def partners(*, server: Operator = OPERATOR) -> None:
    """Lists the visitors and networks that partners excluded for their own jobs.

    Example: jobmeter exclusions partners
    """
    rows = server.read_all("/operator/excludedVisitors")
    server.print_rows(rows, ("id", "application", "kind", "network", "hash", "note"))


@app.command
def create(
    *,
    note: Annotated[str, Parameter(help="Why these clicks are excluded.")],
    visitor: Annotated[
        str | None, Parameter(help="Identifier of a visitor, as the job board sends it.")
    ] = None,
    address: Annotated[str | None, Parameter(help="An IP address; its network is excluded.")] = None,
    job: Annotated[
        int | None, whole_number(least=1, most=BIGINT_MAX, meaning="Number of a job, as in its URN.")
    ] = None,
    day: Annotated[
        str | None, Parameter(validator=check_day, help="Only on this day; alone: the whole day.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Excludes the clicks of a visitor, a network, a job or a day that is not settled yet.

    Example: jobmeter exclusions create --visitor staff-17 --note "our own staff"
    """
    body = list_given(visitor=visitor, address=address, jobId=job, day=day)
    if not body:
        raise CommandFailed("give one of --visitor, --address, --job or --day")
    server.show("POST", ROOT, body | {"note": note})


@app.command
def remove(
    exclusion: Annotated[
        int, whole_number(least=0, most=BIGINT_MAX, meaning="Id of the exclusion, as in the list.")
    ],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Removes an exclusion; days that are settled already do not change.

    Example: jobmeter exclusions remove 7
    """
    server.call("DELETE", f"{ROOT}/{exclusion}")
    server.print_record({"removed": exclusion})
