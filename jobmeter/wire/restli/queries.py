"""Owns raw query strings in both protocols: splits, decodes and replaces parameters.

Does not own the grammar of values (`elements`) or of dotted names (`dotted`).
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from jobmeter.wire.restli.dotted import assemble
from jobmeter.wire.restli.elements import decode_atom, decode_element
from jobmeter.wire.restli.syntax import (
    DEPTH_MAX,
    Protocol,
    RestliSyntaxError,
    Value,
    decode_form,
    decode_percent,
)

PROJECTIONS: Final = frozenset({"fields", "metadataFields", "pagingFields"})
"""Parameters whose value is a mask in both protocols, never an element (spec 12.2)."""


def decode_query(
    raw: str, protocol: Protocol, *, depth_max: int = DEPTH_MAX, colon_lists: bool = False
) -> dict[str, Value]:
    """Decodes all parameters of a raw query string; masks stay text for `projection.parse_mask`.

    In 2.0.0 a repeated parameter is an error, and a bare `name=` is the empty string, as the official Python
    client writes it. For `colon_lists` see `elements.decode_element`.
    """
    if protocol is Protocol.V1:
        pairs = ((decode_form(name), decode_form(value)) for name, value in split_query(raw))
        return assemble(pairs, depth_max=depth_max)
    parameters: dict[str, Value] = {}
    for raw_name, raw_value in split_query(raw):
        name = decode_atom(raw_name)
        if name in parameters:
            raise RestliSyntaxError(f"unexpected repeated query param in URI: {name}")
        try:
            if name in PROJECTIONS or not raw_value:
                parameters[name] = decode_percent(raw_value)
            else:
                parameters[name] = decode_element(raw_value, depth_max=depth_max, colon_lists=colon_lists)
        except RestliSyntaxError as error:
            raise RestliSyntaxError(f"error while parsing query param '{name}'\n{error.text}") from None
    return parameters


def split_query(raw: str) -> Iterator[tuple[str, str]]:
    """Yields raw (name, value) pairs; empty pieces and pieces without a name are skipped."""
    for piece in raw.split("&"):
        name, _, value = piece.partition("=")
        if name:
            yield name, value


def replace_parameters(raw: str, replacements: Mapping[str, int]) -> str:
    """Returns the raw query with these parameters replaced in place or appended; the other bytes are unchanged."""
    waiting = {name: f"{quote(name)}={number}" for name, number in replacements.items()}
    pieces = []
    for piece in filter(None, raw.split("&")):
        name = piece.partition("=")[0]
        if name not in replacements:
            pieces.append(piece)
        elif name in waiting:
            pieces.append(waiting.pop(name))
    return "&".join([*pieces, *waiting.values()])
