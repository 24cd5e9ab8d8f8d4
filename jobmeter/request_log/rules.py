"""Owns what of a request may be stored: secrets are masked, long texts and large bodies are cut. Pure."""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from jobmeter.request_log.model import AnsweredRequest, Depth, RequestRow

MASK = "***"
MARK_BYTES = 6
TEXT_CHARACTERS_MAX = 500
SHORT_CHARACTERS_MAX = 60  # of a body that would otherwise be too large
BODY_CHARACTERS_MAX = 50_000
URL_CHARACTERS_MAX = 2_000
ERROR_CHARACTERS_MAX = 200
ERROR_STATUS_MIN = 400

# Everything else that a client sends may be a secret of a proxy or of another product.
REQUEST_HEADERS = (
    *("accept", "accept-language", "authorization", "content-type", "idempotency-key", "if-none-match"),
    *("linkedin-version", "range", "user-agent", "x-http-method-override", "x-jobmeter-fail"),
    *("x-jobmeter-task", "x-restli-method", "x-restli-protocol-version"),
)
RESPONSE_HEADERS = (
    *(
        "allow",
        "content-type",
        "location",
        "retry-after",
        "x-jobmeter-fail",
        "x-li-request-id",
        "x-linkedin-id",
    ),
    *("x-ratelimit-remaining", "x-restli-id"),
)
_HIDDEN = (
    r"(?:[\w.-]*(?:secret|passw|assertion|private_?key|signature)[\w.-]*"
    r"|(?:[\w.]*(?:access|refresh|id|bearer)_?)?token)"
)
_SECRET_NAME = re.compile(_HIDDEN, re.IGNORECASE)
_TOKEN_NAME = re.compile(r"(?:[\w.]*access_?)?token", re.IGNORECASE)
_PAIR = re.compile(rf"(?:^|(?<=[&?]))({_HIDDEN})=([^&\s]*)", re.IGNORECASE)
# In a text that is no valid JSON, for example because it was cut: the name, and its value up to the next quote.
_QUOTED = re.compile(rf'("{_HIDDEN}"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE)
_TEXTUAL = re.compile(r"json|xml|text/|x-www-form-urlencoded", re.IGNORECASE)

MakeMark = Callable[[str], str]


def make_mark(token: str, *, secret_key: str) -> str:
    """Returns a text that is the same for the same token, and from which the token cannot be found."""
    digest = hashlib.blake2b(token.encode(), key=secret_key.encode()[:64], digest_size=MARK_BYTES)
    return digest.hexdigest()


def shape_row(answered: AnsweredRequest, *, depth: Depth, mark: MakeMark) -> RequestRow:
    """Returns what is stored of a request."""
    sent, returned = _lower(answered.request_headers), _lower(answered.response_headers)
    has_bodies = depth is Depth.BODIES
    return RequestRow(
        partner_id=answered.partner_id,
        application_id=answered.application_id,
        client_id=_clean(answered.client_id),
        received_at=answered.received_at,
        happened_at=answered.happened_at,
        duration_ms=answered.duration_ms,
        method=_clean(answered.method[:20]),
        path=_clean(answered.path[:URL_CHARACTERS_MAX]),
        query=_clean(mask_pairs(answered.query[:URL_CHARACTERS_MAX], mark)),
        status=answered.status,
        error=_clean(read_error(answered.status, answered.response_body)),
        token_mark=mark(token) if (token := read_bearer(sent.get("authorization", ""))) else "",
        request_headers=_shape_headers(sent, REQUEST_HEADERS, mark),
        request_body=shape_body(answered.request_body, sent.get("content-type", ""), mark)
        if has_bodies
        else "",
        response_headers=_shape_headers(returned, RESPONSE_HEADERS, mark),
        response_body=(
            shape_body(answered.response_body, returned.get("content-type", ""), mark) if has_bodies else ""
        ),
        skipped=answered.skipped,
    )


def read_bearer(header: str) -> str:
    """Returns the token of an ``Authorization`` header, empty if it has none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def mask_pairs(text: str, mark: MakeMark) -> str:
    """Masks the secrets of a form or a query."""
    return _PAIR.sub(lambda found: f"{found[1]}={_mask(found[1], found[2], mark)}", text)


def shape_body(body: bytes, content_type: str, mark: MakeMark) -> str:
    """Returns a body as text, without its secrets. JSON stays JSON where it fits; what is no text is only counted."""
    if not body:
        return ""
    if content_type and not _TEXTUAL.search(content_type):
        return f"({len(body):,} bytes of {content_type[:80]})"
    text = body.decode(errors="replace")
    if "json" not in content_type and "=" in text[:200] and not text.lstrip().startswith(("{", "[", "<")):
        return _clean(mask_pairs(text, mark))[:BODY_CHARACTERS_MAX]
    try:
        content = msgspec.json.decode(body)
        for characters_max in (TEXT_CHARACTERS_MAX, SHORT_CHARACTERS_MAX):
            shaped = msgspec.json.encode(_shape(content, "", characters_max, mark)).decode()
            if len(shaped) <= BODY_CHARACTERS_MAX:
                return shaped
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        shaped = _clean(text)
    return _QUOTED.sub(rf"\1{MASK}", mask_pairs(shaped, mark))[:BODY_CHARACTERS_MAX]


def read_error(status: int, body: bytes) -> str:
    """Returns code and message of a refusal in JSON, so that a log without bodies says why a request failed."""
    if status < ERROR_STATUS_MIN or not body:
        return ""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError):
        return ""
    if not isinstance(content, dict):
        return ""
    code = content.get("serviceErrorCode") or content.get("code") or content.get("error") or ""
    message = content.get("message") or content.get("error_description") or ""
    return f"{code} {message}".strip()[:ERROR_CHARACTERS_MAX]


def _shape(value: Any, name: str, characters_max: int, mark: MakeMark) -> Any:
    """Masks the secrets of a JSON value and shortens its texts; a text that was cut says how long it was, and which."""
    if _SECRET_NAME.fullmatch(name) and not isinstance(value, (bool, type(None))):
        return _mask(name, value if isinstance(value, str) else "", mark)
    if isinstance(value, dict):
        return {_clean(key): _shape(inner, key, characters_max, mark) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner, name, characters_max, mark) for inner in value]
    if isinstance(value, str):
        return _shorten(_clean(value), characters_max)
    return value


def _shorten(text: str, characters_max: int) -> str:
    if len(text) <= characters_max:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    return f"{text[:characters_max]}... ({len(text):,} characters, {digest})"


def _mask(name: str, value: str, mark: MakeMark) -> str:
    """A token is random, so its mark reveals nothing; a secret that a person chose could be guessed from one."""
    return MASK + mark(value) if value and _TOKEN_NAME.fullmatch(name) else MASK


def _shape_headers(headers: Mapping[str, str], kept: tuple[str, ...], mark: MakeMark) -> str:
    found = {name: headers[name][:TEXT_CHARACTERS_MAX] for name in kept if name in headers}
    if "authorization" in found:
        token = read_bearer(headers["authorization"])
        scheme = found["authorization"].partition(" ")[0][:20]
        found["authorization"] = f"{scheme} {MASK}{mark(token) if token else ''}"
    if "location" in found:
        found["location"] = mask_pairs(found["location"], mark)
    return msgspec.json.encode({name: _clean(value) for name, value in found.items()}).decode()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _clean(text: str) -> str:
    """The database cannot store U+0000, nor half of a surrogate pair."""
    return text.replace("\0", "\\0").encode(errors="replace").decode()
