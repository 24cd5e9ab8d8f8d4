"""Owns the commands ``jobmeter settle ...``: days and rules of settlement, credits for final charges, on a running server.

Does not own settlement, which runs in the background of the server.
"""

from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.operator.calls import OPERATOR, Operator, list_given
from jobmeter.cli.options import check_day, whole_number

COUNT_MAX = 2**31 - 1
RULES = "/operator/settlementRules"

app = App(name="settle")


@app.command(name="list")
def list_days(
    *,
    since: Annotated[
        str | None, Parameter(validator=check_day, help="First day that is listed, such as 2026-11-01.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists the days with events: their state, what was charged, how many clicks were checked again and reversed.

    Example: jobmeter settle list --since 2026-11-01
    """
    rows = server.read_all("/operator/settlementDays")
    server.print_rows(
        [row for row in rows if since is None or row["day"] >= since],
        (
            *("day", "state", "finalFrom", "charged", "clicks", "clicksReversed", "reversedByRule"),
            *("lateEvents", "seconds"),
        ),
    )


@app.command
def rules(*, server: Operator = OPERATOR) -> None:
    """Lists the rules by which settlement reverses clicks, and their limits.

    Example: jobmeter settle rules
    """
    rows = server.call("GET", RULES)["elements"]
    server.print_rows(rows, ("rule", "isOn", "jobsMax", "windowMinutes", "says"))


@app.command
def update(
    rule: Annotated[str, Parameter(help="Name of the rule, such as NO_VIEW.")],
    *,
    on: Annotated[
        bool | None, Parameter("--on", negative="--off", help="Whether the rule is applied.")
    ] = None,
    jobs_max: Annotated[
        int | None, whole_number(least=1, most=COUNT_MAX, meaning="More jobs than these are a burst.")
    ] = None,
    window_minutes: Annotated[
        int | None, whole_number(least=1, most=COUNT_MAX, meaning="Minutes in which they are counted.")
    ] = None,
    server: Operator = OPERATOR,
) -> None:
    """Switches a rule on or off, and sets its limits; what is not given remains. Applies to days that are settled from now on.

    Example: jobmeter settle update VISITOR_BURST --on --jobs-max 30
    """
    known = {row["rule"]: row for row in server.call("GET", RULES)["elements"]}
    if rule not in known:
        raise CommandFailed(f"there is no rule {rule[:60]}; the rules: {', '.join(known)}")
    kept = {name: known[rule][name] for name in ("isOn", "jobsMax", "windowMinutes")}
    body = kept | list_given(isOn=on, jobsMax=jobs_max, windowMinutes=window_minutes)
    server.show("PUT", f"{RULES}/{rule}", body)


@app.command
def credit(
    charge: Annotated[UUID, Parameter(help="Reference of the charge, as in reports and postings.")],
    amount: Annotated[str, Parameter(help="Amount to credit, such as 1.50.")],
    reference: Annotated[str, Parameter(help="Your reference; a repeated one has no effect.")],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Credits a final charge; repeating a REFERENCE has no effect.

    Example: jobmeter settle credit 0192f0c1-2a3b-7c4d-8e5f-60718293a4b5 1.50 complaint-7
    """
    server.show("POST", f"/operator/charges/{charge}/credits", {"amount": amount, "reference": reference})
