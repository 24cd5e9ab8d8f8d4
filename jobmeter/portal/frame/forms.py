"""Owns accepting a form: from a page of ours, sent by the browser that was shown it, in the only encoding that is read.

A page on another site can make a browser send our cookie. It can neither forge ``Sec-Fetch-Site`` nor read the token.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import PAGE_FORM_FIELDS_MAX
from jobmeter.base.lists import list_parts
from jobmeter.base.settings import Settings
from jobmeter.http.bodies import decode_form
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import CURSOR_DIGITS_MAX
from jobmeter.wire.restli.tunnel import FORM

TOKEN, ONCE, NEXT = "token", "once", "next"
_PURPOSE = b"form\0"


def check_sender(request: Request, settings: Settings) -> None:
    """Raises ``Refused(FORM_NOT_OURS)`` unless the browser says that one of our pages sent the form, or says nothing."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        if site != "same-origin":
            raise Refused(Fault.FORM_NOT_OURS, why=f"it was sent from another site ({site[:20]})")
    elif origin is not None and origin not in _list_origins(request, settings):
        raise Refused(Fault.FORM_NOT_OURS, why="it was sent from another address")


def _list_origins(request: Request, settings: Settings) -> set[str]:
    """Behind a proxy, the address of the settings; otherwise the one that the browser called."""
    parts = urlsplit(settings.base_url)
    host = request.headers.get("host", "")
    return {f"{parts.scheme}://{parts.netloc}", f"http://{host}", f"https://{host}"}


def read_form(context: RequestContext, secret: str) -> dict[str, str]:
    """Returns the fields. ``secret`` is the token of the session, or of the browser. Raises ``Refused``: FORM_MALFORMED, FORM_NOT_OURS."""
    media = context.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if context.body and media != FORM:
        raise Refused(Fault.FORM_MALFORMED, why=f"it must be {FORM}")
    form = decode_form(context.body, fields_max=PAGE_FORM_FIELDS_MAX)
    given = form.get(TOKEN, "").encode()
    keys = list_parts(context.app.settings.secret_key) or [""]
    known = [hmac.compare_digest(given, make_token(key, secret).encode()) for key in keys]
    if not secret or not any(known):
        raise Refused(Fault.FORM_NOT_OURS, why="its token is not that of this session")
    return form


def read_id(form: Mapping[str, str], name: str, *, what: str) -> int:
    """Returns the id in a field, such as that of a button. Raises ``Refused(OPERATOR_UNKNOWN)`` for what cannot be one."""
    text = form.get(name, "")
    if text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX:
        return int(text)
    raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=text[:40])


def make_token(secret_key: str, secret: str) -> str:
    """Returns the token of all forms of a session: who knows neither the key nor the session cannot make it."""
    return hmac.new(secret_key.encode(), _PURPOSE + secret.encode(), sha256).hexdigest()


def make_once_key(form: Mapping[str, str], body: bytes) -> str | None:
    """Returns the idempotency key of a form: the page's own one, with the content, because a corrected form is another."""
    once = form.get(ONCE, "")
    return f"{once[:40]}-{sha256(body).hexdigest()}" if once else None
