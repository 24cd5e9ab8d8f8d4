"""``/operator/keys``: named keys, created, rotated without an outage, revoked and listed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.database.connection import Connection
from jobmeter.http.context import NOTHING, RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import PAGE, read_page
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response, page_response, serialize_secret
from jobmeter.http.schemas import OperatorBody
from jobmeter.operator_keys import flow as operator_keys
from jobmeter.operator_keys.model import KeyRole, NewKey, OperatorKey

OPERATOR = Audience.OPERATOR


class KeyBody(OperatorBody):
    """``role`` is READER (reads what the operator reads), OPERATOR, or EVENTS (the job board's)."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    role: KeyRole


class KeySecretBody(OperatorBody):
    """``retiresOlder`` removes the older of two secrets first; a third one is refused."""

    retires_older: bool = False


async def create_key(context: RequestContext, body: KeyBody) -> Response:
    """Responds 201 with the key, which is never shown again; it is the bearer token of requests."""
    async with context.app.database.transaction() as connection:
        made = await operator_keys.create_key(connection, name=body.name, role=body.role, now=context.now)
        await _record(connection, context, Action.KEY_CREATE, made.key, before={})
    return _respond_new(made)


async def list_keys(context: RequestContext) -> Response:
    """In the order of their creation, revoked ones included; the keys of the settings have no name and are not listed."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await operator_keys.list_keys(connection, after=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=serialize_key, key=lambda one: one.id)


async def show_key(context: RequestContext) -> Response:
    """The valid key of this name, otherwise the one that was revoked last."""
    async with context.app.database.connection() as connection:
        found = await operator_keys.find_key(connection, name=_read_name(context))
    return json_response(serialize_key(found))


async def rotate_key(context: RequestContext, body: KeySecretBody) -> Response:
    """Responds 201 with a further secret; the one before it stays valid until it is retired."""
    async with context.app.database.transaction() as connection:
        before = _describe(await operator_keys.find_key(connection, name=_read_name(context)))
        made = await operator_keys.rotate_key(
            connection, name=_read_name(context), retires_older=body.retires_older, now=context.now
        )
        # With two secrets before and after, one of them is another.
        after = {"retiredOlder": body.retires_older}
        await _record(connection, context, Action.KEY_ADD_SECRET, made.key, before=before, further=after)
    return _respond_new(made)


async def retire_secret(context: RequestContext) -> Response:
    """Ends a rotation: removes the older of two secrets. An only one stays, so that it is safe to repeat."""
    async with context.app.database.transaction() as connection:
        before = _describe(await operator_keys.find_key(connection, name=_read_name(context)))
        key = await operator_keys.retire_older_secret(connection, name=_read_name(context))
        await _record(connection, context, Action.KEY_RETIRE_SECRET, key, before=before)
    return json_response(serialize_key(key))


async def revoke_key(context: RequestContext) -> Response:
    """Every process refuses the key from now on. Its name is free again; repeating it changes nothing."""
    async with context.app.database.transaction() as connection:
        before = _describe(await operator_keys.find_key(connection, name=_read_name(context)))
        key = await operator_keys.revoke_key(connection, name=_read_name(context), now=context.now)
        await _record(connection, context, Action.KEY_REVOKE, key, before=before)
    return json_response(serialize_key(key))


async def _record(
    connection: Connection,
    context: RequestContext,
    action: Action,
    key: OperatorKey,
    *,
    before: dict[str, Any],
    further: Mapping[str, Any] = NOTHING,
) -> None:
    after = {**_describe(key), **further}
    await context.record(connection, action, key.name, partner_id=None, before=before, after=after)


def serialize_key(key: OperatorKey) -> dict[str, Any]:
    """``secrets`` is how many are valid: two during a rotation, none of a revoked key. Their last four characters are shown."""
    return _describe(key) | {"liveSecrets": [serialize_secret(secret) for secret in key.secrets]}


def _describe(key: OperatorKey) -> dict[str, Any]:
    """What a record says of a key: nothing of its secrets."""
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role.value,
        "createdAt": format_time(key.created_at),
        "revokedAt": format_time(key.revoked_at),
        "secrets": len(key.secrets),
    }


def _respond_new(made: NewKey) -> Response:
    return json_response({**serialize_key(made.key), "key": made.secret}, status=201)


def _read_name(context: RequestContext) -> str:
    name: str = context.request.path_params["name"]
    return name[:100]


# fmt: off
KEYS: tuple[PlainEndpoint, ...] = (
    Endpoint("POST", "/operator/keys", create_key, audience=OPERATOR, body=KeyBody, statuses=(201,),
             summary="Create a named key"),
    Endpoint("GET", "/operator/keys", list_keys, audience=OPERATOR, parameters=PAGE, summary="List named keys"),
    Endpoint("GET", "/operator/keys/{name}", show_key, audience=OPERATOR, summary="Get a named key"),
    Endpoint("POST", "/operator/keys/{name}/secrets", rotate_key, audience=OPERATOR, body=KeySecretBody,
             statuses=(201,), summary="Create another secret for a named key"),
    Endpoint("POST", "/operator/keys/{name}/retirements", retire_secret, audience=OPERATOR,
             summary="Remove the older of a named key's two secrets"),
    Endpoint("DELETE", "/operator/keys/{name}", revoke_key, audience=OPERATOR, summary="Revoke a named key"),
)
# fmt: on
