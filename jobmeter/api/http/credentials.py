"""Owns authentication by bearer token: a partner's access token or one of the installation's keys.

Does not own client credentials in forms (``oauth``) or signatures (``xml``).
"""

import hmac

from starlette.requests import Request

from jobmeter.api.http.context import Caller, RequestContext
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.lists import list_parts
from jobmeter.partners.model import Application
from jobmeter.partners.tokens import flow as tokens

OPERATOR = "operator"
EVENTS = "events"  # the job board's key


async def authenticate_token(context: RequestContext) -> Caller:
    """Raises ``Refused``: TOKEN_EMPTY, and as ``tokens.check_token``."""
    token = read_bearer(context.request)
    if token is None:
        raise Refused(Fault.TOKEN_EMPTY)
    return await find_caller(context, token)


async def find_caller(context: RequestContext, token: str) -> Caller:
    """Looks up concurrent tokens in one statement. Raises as ``tokens.check_token``."""
    return caller_of(tokens.check_token(await context.app.tokens.submit(token), context.now))


def caller_of(application: Application) -> Caller:
    return Caller(sender=f"application {application.id}", application=application)


def authenticate_key(context: RequestContext, *, kind: str, key: str) -> Caller:
    """Compares the bearer token with the installation's keys of this kind, usually one. Raises ``Refused(KEY_WRONG)``.

    While a key is being replaced the setting lists the new and the old one. If there is none, every request is refused.
    """
    given = (read_bearer(context.request) or "").encode()
    # All are compared, so that the response time does not reveal which one was close.
    if not any([hmac.compare_digest(given, known.encode()) for known in list_parts(key)]):  # noqa: C419
        raise Refused(Fault.KEY_WRONG, kind=kind)
    return Caller(sender=kind)


def read_bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
