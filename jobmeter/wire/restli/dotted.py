"""Owns the names and values of protocol 1.0.0: `ids=a&ids=b`, `dateRange.start.year=2025`, `ids[0].key=..`, `~2E` for a dot.

Does not own the splitting of a query string (`queries`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from jobmeter.wire.restli.encoding import write_scalar
from jobmeter.wire.restli.syntax import DEPTH_MAX, RestliSyntaxError, Value

_INDEXED = re.compile(r"(.+)\[([0-9]+)\]", re.DOTALL)
_COMPLEX = re.compile(r"[.\[\]~]")
_CODE = re.compile(r"~([0-7][0-9A-Fa-f])")
_MALFORMED_CODE = re.compile(r"~(?![0-7][0-9A-Fa-f])|~00|[\[\]]")
_INDEX_DIGITS_MAX: Final = 9
_CODES = {ord(mark): f"~{ord(mark):02X}" for mark in "~[]."}


class Segment(NamedTuple):
    name: str
    position: int | None = None


class _Indexed(dict[int, Any]):
    """A list under construction: indices arrive in any order, and gaps between them are ignored."""


def read_segment(text: str) -> Segment:
    """Parses one segment of a dotted name: `name` or `name[3]`."""
    if text.isidentifier():
        return Segment(text)
    stripped = text.strip()
    if not stripped:
        raise RestliSyntaxError("Path segment parsing error.")
    indexed = _INDEXED.fullmatch(stripped)
    name = stripped if indexed is None else indexed[1]
    if _MALFORMED_CODE.search(name):
        raise RestliSyntaxError(f"Cannot decode key name {name}")
    decoded = _CODE.sub(lambda code: chr(int(code[1], 16)), name)
    if indexed is None:
        return Segment(decoded)
    if len(indexed[2]) > _INDEX_DIGITS_MAX:
        raise RestliSyntaxError("Only integer key indices are allowed")
    return Segment(decoded, int(indexed[2]))


def assemble(parameters: Iterable[tuple[str, str]], *, depth_max: int = DEPTH_MAX) -> dict[str, Value]:
    """Builds one structure from decoded (name, value) pairs.

    Only plain names may repeat; their values become a list in the order sent (spec 12.2).
    """
    repeated: dict[str, list[str]] = {}
    for name, value in parameters:
        repeated.setdefault(name, []).append(value)
    root: dict[str, Any] = {}
    for name, values in repeated.items():
        if _COMPLEX.search(name) is None and name.strip() == name:
            if name in root:
                raise RestliSyntaxError(f"Conflicting references to key {name}[0]")
            root[name] = values[0] if len(values) == 1 else values
        elif len(values) > 1:
            kind = "indexed" if name.endswith("]") and "." not in name else "complex"
            raise RestliSyntaxError(f"Multiple values of {kind} query parameter are not supported")
        else:
            _put(root, name, values[0], depth_max)
    return {name: _settle(value) for name, value in root.items()}


def _put(root: dict[str, Any], name: str, value: str, depth_max: int) -> None:
    pieces = name.split(".")
    if len(pieces) > depth_max:
        raise RestliSyntaxError(f"nested deeper than {depth_max} levels")
    level = root
    for piece in pieces[:-1]:
        level = _descend(level, read_segment(piece))
    last = read_segment(pieces[-1])
    holder, key = _find_slot(level, last)
    if key in holder:
        raise RestliSyntaxError(f"Duplicate references to key: {last.name}")
    holder[key] = value


def _descend(level: dict[str, Any], segment: Segment) -> dict[str, Any]:
    holder, key = _find_slot(level, segment)
    below = holder.setdefault(key, {})
    if isinstance(below, _Indexed) or not isinstance(below, dict):
        raise RestliSyntaxError(f"Conflicting references to key {segment.name}")
    return below


def _find_slot(level: dict[str, Any], segment: Segment) -> tuple[dict[Any, Any], str | int]:
    if segment.position is None:
        return level, segment.name
    listed = level.setdefault(segment.name, _Indexed())
    if not isinstance(listed, _Indexed):
        raise RestliSyntaxError(f"Conflicting references to key {segment.name}")
    return listed, segment.position


def _settle(value: Any) -> Value:
    if isinstance(value, _Indexed):
        return [_settle(value[index]) for index in sorted(value)]
    if isinstance(value, dict):
        return {name: _settle(inner) for name, inner in value.items()}
    settled: Value = value
    return settled


def encode_dotted(parameters: Mapping[str, object]) -> str:
    """Encodes a query string or complex key of protocol 1.0.0, with sorted names. It has no form for empty lists and maps."""
    pairs = sorted(_flatten("", parameters))
    return "&".join(f"{quote(name, safe='$[]')}={quote(text, safe='')}" for name, text in pairs)


def _flatten(prefix: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        dot = "." if prefix else ""
        for name, inner in value.items():
            yield from _flatten(f"{prefix}{dot}{str(name).translate(_CODES)}", inner)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _flatten(f"{prefix}[{index}]", item)
    else:
        yield prefix, write_scalar(value)
