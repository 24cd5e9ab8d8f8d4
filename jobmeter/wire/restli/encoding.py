"""Owns the encoding of values in the 2.0.0 grammar, with the escaping that Rest.li requires in each context.

Does not own the parsing (`elements`) or the 1.0.0 form (`dotted`).
"""

from collections.abc import Mapping
from enum import Enum
from urllib.parse import quote

from jobmeter.wire.restli.elements import EMPTY, LIST_OPEN


class Escape(Enum):
    """Where the text will be used."""

    FULL = "anywhere in a URL"
    PATH = "a path segment"
    QUERY = "a query value"
    BODY = "a key in a body"
    REDUCED = "a response header"


_LEFT_UNESCAPED = {Escape.FULL: "", Escape.PATH: "!$&*+;=@", Escape.QUERY: "!$*;@/?"}


def _make_octets(marks: str) -> dict[int, str]:
    return {ord(mark): f"%{ord(mark):02X}" for mark in marks}


_OCTETS = {Escape.BODY: _make_octets("%(),:'"), Escape.REDUCED: _make_octets("(),:'")}


def encode_element(value: object, *, escape: Escape = Escape.FULL, sort_keys: bool = False) -> str:
    """Encodes a value in protocol 2.0.0: mappings as `(k:v)`, lists as `List(..)`, everything else as its text.

    BODY and REDUCED escape only the characters of the grammar; REDUCED does not escape the percent sign either, as the
    official clients expect of `X-RestLi-Id`. Empty strings are `''`, as LinkedIn's server writes them; null is `null`.
    """
    if isinstance(value, Mapping):
        names = sorted(value) if sort_keys else value
        pairs = (
            f"{encode_atom(str(name), escape)}:{encode_element(value[name], escape=escape, sort_keys=sort_keys)}"
            for name in names
        )
        return f"({','.join(pairs)})"
    if isinstance(value, (list, tuple)):
        items = (encode_element(item, escape=escape, sort_keys=sort_keys) for item in value)
        return f"{LIST_OPEN}{','.join(items)})"
    return encode_atom(write_scalar(value), escape)


def encode_query(
    parameters: Mapping[str, object], *, sort_keys: bool = False, escape: Escape = Escape.FULL
) -> str:
    """Encodes a query string of protocol 2.0.0."""
    names = sorted(parameters) if sort_keys else parameters
    return "&".join(
        f"{encode_atom(name, escape)}={encode_element(parameters[name], escape=escape, sort_keys=sort_keys)}"
        for name in names
    )


def encode_atom(text: str, escape: Escape = Escape.FULL) -> str:
    if not text:
        return EMPTY
    octets = _OCTETS.get(escape)
    return quote(text, safe=_LEFT_UNESCAPED[escape]) if octets is None else text.translate(octets)


def write_scalar(value: object) -> str:
    """Returns a leaf as text: `true`, `null`, the digits of a number, a string unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
