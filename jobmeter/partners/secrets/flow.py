"""Owns the verbs of client secrets: roll and retire.

Does not own issuing a token or authenticating one (``applications.flow``).
"""

from datetime import datetime
from typing import Any

from jobmeter.base.credentials import hash_secret, last_four_of, make_secret
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, read_urn
from jobmeter.base.limits import SECRETS_LIVE_MAX
from jobmeter.database.connection import Connection
from jobmeter.operator_keys.model import LiveSecret
from jobmeter.partners.applications import store
from jobmeter.partners.model import Application
from jobmeter.partners.secrets import store as secrets_store


async def roll_secret(connection: Connection, *, application: Application, now: datetime) -> str:
    """Issues a further secret; the older one stays valid (spec 2.3). Raises ``Refused(SECRETS_TOO_MANY)`` for a third one."""
    await secrets_store.lock_application(connection, application_id=application.id)
    live = await secrets_store.list_live_secrets(connection, application_id=application.id)
    if len(live) >= SECRETS_LIVE_MAX:
        raise Refused(Fault.SECRETS_TOO_MANY, key=application.urn, secrets_max=SECRETS_LIVE_MAX)
    secret = make_secret()
    await store.insert_secret(
        connection,
        application_id=application.id,
        secret_hash=hash_secret(secret),
        last_four=last_four_of(secret),
        created_at=now,
    )
    return secret


async def retire_older_secret(connection: Connection, *, application: Application) -> int:
    """Removes the older of two live secrets; returns how many are left. An only secret stays.

    Tokens that were issued with it stay valid until they expire.
    """
    await secrets_store.lock_application(connection, application_id=application.id)
    live = await secrets_store.list_live_secrets(connection, application_id=application.id)
    if len(live) < SECRETS_LIVE_MAX:
        return len(live)
    await secrets_store.delete_older_secret(connection, application_id=application.id)
    return len(live) - 1


async def replace_secret(
    connection: Connection,
    *,
    application: Application,
    retires_older: bool,
    revokes_others: bool = False,
    now: datetime,
) -> str:
    """Issues a further secret on behalf of the operator, because the owner of a parent application lost its own.

    With ``retires_older`` the older of two live secrets is removed first, with ``revokes_others`` both; neither signs
    requests any more. Raises ``Refused(SECRETS_TOO_MANY)``.
    """
    if revokes_others:
        await secrets_store.lock_application(connection, application_id=application.id)
        await secrets_store.delete_secrets(connection, application_id=application.id)
    elif retires_older:
        await retire_older_secret(connection, application=application)
    return await roll_secret(connection, application=application, now=now)


async def list_live_secrets(connection: Connection, *, application: Application) -> list[LiveSecret]:
    """Returns what is shown of each live secret, the oldest first."""
    return await secrets_store.list_live_secrets(connection, application_id=application.id)


async def describe_secrets(connection: Connection, *, application: Application) -> dict[str, Any]:
    """Returns what a record of a change says of an application's secrets: the times of the live ones."""
    live = await list_live_secrets(connection, application=application)
    return {"secretsCreatedAt": [one.created_at.isoformat() for one in live]}


async def find_target(connection: Connection, *, caller: Application, child_urn: str | None) -> Application:
    """Returns the caller, or its child of this URN. Raises ``Refused(APPLICATION_UNKNOWN)`` for any other application."""
    if child_urn is None:
        return caller
    child_id = read_urn(child_urn, URN_APPLICATION)
    found = None if child_id is None else await store.find_by_id(connection, application_id=child_id)
    # The response for another partner's application must be the same as for one that does not exist.
    if found is None or found.parent_id != caller.id:
        raise Refused(Fault.APPLICATION_UNKNOWN, key=child_urn[:100])
    return found
