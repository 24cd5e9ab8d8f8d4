"""Owns the commands ``jobmeter webhooks ...``: partners' webhooks and their deliveries, on a running server.

Does not own webhooks: partners register and change them.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import BIGINT_MAX, ApplicationOption, FromOption, ToOption, whole_number

ROOT = "/operator/webhooks"

app = App(name="webhooks")
DELIVERY_COLUMNS = (
    *("number", "createdAt", "kind", "state", "attempts", "lastOutcome", "answer.status"),
    *("answer.milliseconds", "answer.text"),
)

WebhookNumber = Annotated[int, whole_number(least=0, most=BIGINT_MAX, meaning="Number of the webhook.")]


@app.command(name="list")
def list_webhooks(*, application: ApplicationOption = None, server: Operator = OPERATOR) -> None:
    """Lists the webhooks of all applications, or of one.

    Example: jobmeter webhooks list --application 1000002
    """
    rows = server.read_all(ROOT, applicationId=application)
    server.print_rows(rows, ("id", "application", "url", "email", "kinds", "pausedUntil", "disabledAt"))


@app.command
def show(webhook: WebhookNumber, *, server: Operator = OPERATOR) -> None:
    """Shows a webhook.

    Example: jobmeter webhooks show 12
    """
    server.show("GET", f"{ROOT}/{webhook}")


@app.command
def deliveries(
    webhook: WebhookNumber,
    *,
    state: Annotated[
        Literal["WAITING", "DELIVERED", "DEAD"] | None, Parameter(help="Only deliveries in this state.")
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    server: Operator = OPERATOR,
) -> None:
    """Lists what was sent to a webhook in the last 7 days, or from a day to a day: how often, and what it answered last.

    Example: jobmeter webhooks deliveries 12 --state DEAD --from 2026-11-01
    """
    days = {"from": first, "to": last}
    rows = server.read_all(f"{ROOT}/{webhook}/deliveries", deliveryState=state, **days)
    server.print_rows(rows, DELIVERY_COLUMNS)
