"""``POST /v2/developerApplicationsSecurity?action=...``: roll a client secret, retire the older one (spec 2.3)."""

from typing import Any

from jobmeter.api.restli.resources import Call, Reply
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.partners.model import Application
from jobmeter.partners.secrets import flow as secrets
from jobmeter.wire.restli.envelopes import wrap_action

CHILD = "childDeveloperApplication"


async def roll_secret(call: Call) -> Reply:
    """Returns another secret, which is never shown again. Both secrets are valid from now on."""
    child_urn = _read_child(call, "rollDeveloperApplicationSecret")
    async with call.app.database.transaction() as connection:
        target = await secrets.find_target(connection, caller=call.application, child_urn=child_urn)
        before = await secrets.describe_secrets(connection, application=target)
        secret = await secrets.roll_secret(connection, application=target, now=call.now)
        await _record(connection, call, Action.APPLICATION_ADD_SECRET, target, before)
    return Reply(wrap_action({"client_secret": secret}))


async def retire_secret(call: Call) -> Reply:
    """Removes the older of two secrets (an extension)."""
    child_urn = _read_child(call, "retireOlderSecret")
    async with call.app.database.transaction() as connection:
        target = await secrets.find_target(connection, caller=call.application, child_urn=child_urn)
        before = await secrets.describe_secrets(connection, application=target)
        left = await secrets.retire_older_secret(connection, application=target)
        await _record(connection, call, Action.APPLICATION_RETIRE_SECRET, target, before)
    return Reply(wrap_action({"liveSecrets": left}))


async def _record(
    connection: Connection, call: Call, action: Action, target: Application, before: dict[str, Any]
) -> None:
    after = await secrets.describe_secrets(connection, application=target)
    await call.context.record(
        connection, action, target.id, partner_id=target.partner_id, before=before, after=after
    )


def _read_child(call: Call, action: str) -> str | None:
    body = call.read_json() if call.body.strip() else {}
    if not isinstance(body, dict):
        raise Refused(Fault.ACTION_INVALID, action=action, why="ERROR ::  :: the body is not a record")
    unknown = sorted(set(body) - {CHILD})
    if unknown:
        why = f"ERROR :: /{unknown[0][:100]} :: unrecognized field found but not allowed"
        raise Refused(Fault.ACTION_INVALID, action=action, why=why)
    if CHILD not in body:
        return None
    child = body[CHILD]
    if not isinstance(child, str):
        # A null in place of a child must not roll the caller's own secret.
        shown = ("null" if child is None else str(child))[:100]
        why = f"ERROR :: /{CHILD} :: {shown} cannot be coerced to String"
        raise Refused(Fault.ACTION_INVALID, action=action, why=why)
    return child
