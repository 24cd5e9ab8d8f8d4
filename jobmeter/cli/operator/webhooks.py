"""Owns the commands ``jobmeter webhooks ...``: partners' webhooks and their deliveries, on a running server.

Does not own webhooks: partners register and change them.
"""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import BIGINT_MAX, ApplicationOption, whole_number

ROOT = "/operator/webhooks"

app = App(name="webhooks")

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
    server: Operator = OPERATOR,
) -> None:
    """Lists what was sent to a webhook, how often, and what it responded last.

    Example: jobmeter webhooks deliveries 12 --state DEAD
    """
    rows = server.read_all(f"{ROOT}/{webhook}/deliveries", deliveryState=state)
    server.print_rows(rows, ("number", "createdAt", "kind", "state", "attempts", "lastOutcome"))
