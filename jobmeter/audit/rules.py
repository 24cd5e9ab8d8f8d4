"""Owns what is stored of the values that an act changed: those that differ, as JSON of limited size. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

VALUE_BYTES_MAX = 2_000


def write_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the fields that differ, before and after, as JSON; one that is absent is as one without a value."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return _write(before, names), _write(after, names)


def _write(values: Mapping[str, Any], names: list[str]) -> str:
    return msgspec.json.encode({name: _shorten(values[name]) for name in names if name in values}).decode()


def _shorten(value: Any) -> Any:
    """Without the query of a URL, where secrets may be. A value that is too long, such as a list of a thousand addresses, is
    replaced by its beginning and its size.
    """
    if isinstance(value, str) and value.startswith(("http://", "https://")) and "?" in value:
        value = value.partition("?")[0] + "?..."
    written = msgspec.json.encode(value)
    if len(written) <= VALUE_BYTES_MAX:
        return value
    beginning = written[:VALUE_BYTES_MAX].decode(errors="ignore")
    return f"{beginning}... ({len(written)} bytes)"
