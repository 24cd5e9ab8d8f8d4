"""Owns reading client credentials and form fields: from the body, or from a Basic header.

Does not own what the OAuth endpoints do with them.
"""

import base64
from urllib.parse import unquote_plus

from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.bodies import check_texts, decode_form
from jobmeter.http.context import RequestContext
from jobmeter.http.pipeline import count_call
from jobmeter.partners.tokens import flow as tokens

FIELDS_MAX = 50
QUOTA = "oauth"


def read_client_form(context: RequestContext) -> dict[str, str]:
    """Returns the fields of the form. Raises ``Refused(FORM_MALFORMED)``, also for a repeated field (RFC 6749, 3.2)."""
    form = decode_form(context.body, fields_max=FIELDS_MAX)
    client_id, client_secret = _read_basic(context.request)
    form.setdefault("client_id", client_id)
    form.setdefault("client_secret", client_secret)
    check_texts(form)
    return form


def check_present(form: dict[str, str], *names: str) -> None:
    """Raises ``Refused(GRANT_MISSING)`` for the first of ``names`` that is absent or empty (spec 2.2)."""
    for name in names:
        if not form.get(name):
            raise Refused(Fault.GRANT_MISSING, name=name)


async def count_client_call(context: RequestContext, form: dict[str, str]) -> None:
    """Counts the call of an authenticated client. Raises ``Refused``: THROTTLED, and as ``tokens.authenticate_client``."""
    async with context.app.database.connection() as connection:
        client = await tokens.authenticate_client(
            connection, client_id=form["client_id"], client_secret=form["client_secret"]
        )
    context.requester = client
    await count_call(context, application=client, resource=QUOTA, throttled=Fault.THROTTLED)


def _read_basic(request: Request) -> tuple[str, str]:
    """Reads the client id and secret, form-encoded, from a Basic header (RFC 6749, 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, not UTF-8
        raise Refused(Fault.FORM_MALFORMED, why="the Basic header cannot be read") from error
    client_id, _, client_secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(client_secret)
