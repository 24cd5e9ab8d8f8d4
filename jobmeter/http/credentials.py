"""Owns authentication by bearer token: a partner's access token or one of the installation's keys.

Does not own client credentials in forms (``oauth``) or signatures (``xml``).
"""

import hmac

from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.lists import list_parts
from jobmeter.database.connection import Tenant
from jobmeter.http.context import Caller, RequestContext
from jobmeter.http.idempotency import READING
from jobmeter.operator_keys import flow as operator_keys
from jobmeter.operator_keys.model import KeyRole
from jobmeter.partners.model import Application
from jobmeter.partners.tokens import flow as tokens

OPERATOR = "operator"
EVENTS = "events"  # the job board's key
# The roles of named keys that open the endpoints of each kind.
ROLES = {OPERATOR: {KeyRole.OPERATOR, KeyRole.READER}, EVENTS: {KeyRole.EVENTS}}


async def authenticate_token(context: RequestContext) -> Caller:
    """Raises ``Refused``: TOKEN_EMPTY, and as ``tokens.check_token``."""
    token = read_bearer(context.request)
    if token is None:
        raise Refused(Fault.TOKEN_EMPTY)
    return await find_caller(context, token)


async def find_caller(context: RequestContext, token: str) -> Caller:
    """Looks up concurrent tokens in one statement. Raises as ``tokens.check_token``."""
    issued = await context.app.tokens.submit(token)
    context.requester = issued.application if issued is not None else None
    return caller_of(tokens.check_token(issued, context.now))


def caller_of(application: Application) -> Caller:
    tenant = Tenant(application_id=application.id, partner_id=application.partner_id)
    return Caller(sender=f"application {application.id}", application=application, tenant=tenant)


async def authenticate_key(context: RequestContext, *, kind: str, key: str) -> Caller:
    """Compares the bearer token with the keys of this kind in the settings, then looks it up among the named keys.

    While a key of the settings is being replaced, the setting lists the new and the old one. Raises ``Refused``:
    KEY_WRONG, KEY_READS_ONLY for a write with a reader's key.
    """
    token = read_bearer(context.request)
    if token is None:
        raise Refused(Fault.KEY_WRONG, kind=kind)
    # All are compared, so that the response time does not reveal which one was close.
    if any([hmac.compare_digest(token.encode(), known.encode()) for known in list_parts(key)]):  # noqa: C419
        return Caller(sender=kind)
    holder = await context.app.named_keys.submit(token)
    if holder is None or holder.role not in ROLES[kind]:
        raise Refused(Fault.KEY_WRONG, kind=kind)
    if holder.role is KeyRole.READER and context.request.method not in READING:
        raise Refused(
            Fault.KEY_READS_ONLY, name=holder.name, method=context.request.method, path=context.path[:200]
        )
    if operator_keys.is_use_due(holder, now=context.now):
        async with context.app.database.connection() as connection:
            await operator_keys.record_use(connection, token, now=context.now)
    return Caller(sender=f"{kind} {holder.name}", key=holder)


def read_bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
