"""Owns query tunnelling: a long query sent in the body of a POST, alone or together with the original body.

Restores the original request. Does not own the parsing of its query (`queries`).
"""

import re
from dataclasses import dataclass
from typing import Final

from jobmeter.wire.restli.syntax import RestliSyntaxError, decode_text

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/mixed"

_VERBS = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS"})
_BOUNDARY = re.compile(r'[;,]\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_PART_TYPE = re.compile(rb"^content-type[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of a request that a tunnel can change; `query` is raw, without its question mark."""

    method: str
    query: str = ""
    content_type: str | None = None
    body: bytes = b""


def open_tunnel(message: Message, override: str | None) -> Message:
    """Returns the original request, given the value of `X-HTTP-Method-Override` (spec 12.6).

    Without the header, and for methods other than POST, the message is returned unchanged. A form body is the raw query.
    In a multipart body the first form part is the query, and the first other part is the body. A query in the URL
    comes before the tunnelled one. Any other body is kept, with the overriding method.
    """
    if override is None or message.method != "POST":
        return message
    method = override.strip().upper()
    if method not in _VERBS:
        raise RestliSyntaxError(f"X-HTTP-Method-Override cannot be '{override}'")
    kind = read_media_type(message.content_type)
    if kind == FORM:
        return Message(method, _join(message.query, decode_text(message.body)))
    if kind != MULTIPART:
        return Message(
            method=method, query=message.query, content_type=message.content_type, body=message.body
        )
    query, content_type, body = _read_parts(message)
    return Message(method=method, query=_join(message.query, query), content_type=content_type, body=body)


def read_media_type(content_type: str | None) -> str:
    """Returns the media type without parameters, in lower case; empty if there is none."""
    return re.split("[;,]", content_type or "", maxsplit=1)[0].strip().lower()


def _join(first: str, second: str) -> str:
    return "&".join(filter(None, (first, second)))


def _read_parts(message: Message) -> tuple[str, str | None, bytes]:
    boundary = _BOUNDARY.search(message.content_type or "")
    if boundary is None:
        raise RestliSyntaxError("multipart content type has no boundary")
    query: str | None = None
    entity: tuple[str | None, bytes] | None = None
    for part in _split_parts(message.body, (boundary[1] or boundary[2]).encode()):
        content_type, content = _split_part(part)
        if query is None and read_media_type(content_type) == FORM:
            query = decode_text(content)
        elif entity is None:
            entity = content_type, content
    if query is None:
        raise RestliSyntaxError(f"multipart body has no part of type {FORM}")
    return query, *(entity or (None, b""))


def _split_parts(body: bytes, boundary: bytes) -> list[bytes]:
    # The line end after a boundary is not consumed, because the next boundary may begin with it.
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    parts: list[bytes] = []
    begun_at: int | None = None
    for mark in delimiter.finditer(body):
        if begun_at is not None:
            parts.append(body[begun_at : mark.start()])
        if mark[1]:
            return parts
        begun_at = mark.end()
    raise RestliSyntaxError("multipart body has no closing boundary")


def _split_part(part: bytes) -> tuple[str | None, bytes]:
    headers_end = _HEADERS_END.search(part)
    if headers_end is None:
        raise RestliSyntaxError("multipart body has a part without an end of headers")
    content_type = _PART_TYPE.search(part, 0, headers_end.start())
    declared = None if content_type is None else content_type[1].decode("latin-1").strip()
    return declared, part[headers_end.end() :]
