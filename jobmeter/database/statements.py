"""Owns named SQL: splits a slice's ``.sql`` file at its headers, fills in the lists of columns that several statements
read, and makes parameters of a value.

Does not own execution; a slice's ``store.py`` runs its statements on the caller's connection.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from importlib.resources import files
from typing import Any, ClassVar, LiteralString, Protocol, TypeVar

HEADER = re.compile(r"^-- (name|columns): *(\S+) *$", re.MULTILINE)


class DataclassValue(Protocol):
    """Any dataclass, slotted or not."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Value = TypeVar("Value", bound=DataclassValue)


def load_statements(package: str, file_name: str = "queries.sql") -> dict[str, LiteralString]:
    """The statements of ``package``'s file by name. The text is ours and constant, hence ``LiteralString``.

    ``{posting}`` in a statement becomes the list under the header ``-- columns: posting`` of the same file.
    Raises ``ValueError`` where two statements or two lists share a name.
    """
    blocks = HEADER.split(files(package).joinpath(file_name).read_text(encoding="utf-8"))[1:]
    found: dict[str, dict[str, LiteralString]] = {"name": {}, "columns": {}}
    for kind, name, body in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        if name in found[kind]:
            raise ValueError(f"{package}/{file_name}: {name} stands twice")
        found[kind][name] = body.strip()
    return {name: _fill_columns(body, found["columns"]) for name, body in found["name"].items()}


def _fill_columns(body: LiteralString, lists: Mapping[str, LiteralString]) -> LiteralString:
    for name, columns in lists.items():
        body = body.replace(f"{{{name}}}", columns)
    return body


def vars_of(value: DataclassValue, *, prefix: str = "") -> dict[str, Any]:
    """The fields of ``value`` as a statement's parameters, by name; a tuple as an array. Nested values stay as they are.

    A nested value is given beside its owner, under the name that it has there: ``prefix="source_"``.
    """
    found = {f"{prefix}{field.name}": getattr(value, field.name) for field in fields(value)}
    # The driver sends a tuple as one composite value, a list as an array.
    return {name: list(one) if type(one) is tuple else one for name, one in found.items()}


def arrays_of(kind: type[Value], values: Iterable[Value]) -> dict[str, list[Any]]:
    """The parameters of a statement that writes many values at once: of each field an array, for it to unnest."""
    listed = list(values)
    return {field.name: [getattr(value, field.name) for value in listed] for field in fields(kind)}
