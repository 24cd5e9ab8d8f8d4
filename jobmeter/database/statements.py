"""Owns named SQL: splits a slice's ``.sql`` file at its ``-- name:`` headers, and makes parameters of a value.

Does not own execution; a slice's ``store.py`` runs its statements on the caller's connection.
"""

from dataclasses import Field, fields
from importlib.resources import files
from typing import Any, ClassVar, LiteralString, Protocol

HEADER = "-- name: "


class DataclassValue(Protocol):
    """Any dataclass, slotted or not."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def load_statements(package: str, file_name: str = "queries.sql") -> dict[str, LiteralString]:
    """The statements of ``package``'s file by name. The text is ours and constant, hence ``LiteralString``.

    Raises ``ValueError`` where two statements share a name.
    """
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    found: dict[str, LiteralString] = {}
    for block in text.split(HEADER)[1:]:
        name, _, body = block.partition("\n")
        if name.strip() in found:
            raise ValueError(f"{package}/{file_name}: statement {name.strip()} stands twice")
        found[name.strip()] = body.strip()
    return found


def vars_of(value: DataclassValue) -> dict[str, Any]:
    """The fields of ``value`` as a statement's parameters, by name. Nested values stay as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
