"""``POST /oauth/v2/accessToken``: client credentials for an access token (spec 2.2)."""

import base64
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.bodies import read_body
from jobmeter.api.replies import json_response, oauth_refusal
from jobmeter.api.state import state_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import BODY_BYTES_MAX
from jobmeter.partners import flow as partners

FIELDS_MAX = 50


async def create_access_token(request: Request) -> Response:
    try:
        form = await _read_form(request)
        _check_grant(form)
        state = state_of(request)
        now = await state.clock.read()
        async with state.database.transaction() as connection:
            token, seconds = await partners.issue_token(
                connection, client_id=form["client_id"], client_secret=form["client_secret"], now=now
            )
    except Refused as refused:
        return oauth_refusal(refused)
    return json_response(
        {"access_token": token, "expires_in": seconds}, headers={"Cache-Control": "no-store"}
    )


async def _read_form(request: Request) -> dict[str, str]:
    body = await read_body(request, bytes_max=BODY_BYTES_MAX)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise Refused(Fault.FORM_MALFORMED, why=str(error)) from error
    form = dict(pairs)
    client_id, client_secret = _read_basic(request)
    form.setdefault("client_id", client_id)
    form.setdefault("client_secret", client_secret)
    if any("\0" in text for text in form.values()):
        raise Refused(Fault.FORM_MALFORMED, why="it holds the character U+0000")
    return form


def _read_basic(request: Request) -> tuple[str, str]:
    """RFC 6749, 2.3.1: the same two values, form-encoded, in a Basic header."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, not UTF-8
        raise Refused(Fault.FORM_MALFORMED, why="the Basic header cannot be read") from error
    client_id, _, client_secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(client_secret)


def _check_grant(form: dict[str, str]) -> None:
    for name in ("grant_type", "client_id", "client_secret"):
        if not form.get(name):
            raise Refused(Fault.GRANT_MISSING, name=name)
    if form["grant_type"] != "client_credentials":
        raise Refused(Fault.GRANT_UNSUPPORTED, grant_type=form["grant_type"][:80])
