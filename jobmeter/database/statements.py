"""Owns named SQL: splits a slice's ``.sql`` file at its headers, fills in the lists of columns that several statements
read and the numbers of enums, makes of each the text that names one shard, and makes parameters of a value.

Does not own execution; a slice's ``store.py`` runs its statements on the caller's connection.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields
from enum import IntEnum
from importlib.resources import files
from typing import Any, ClassVar, LiteralString, Protocol, TypeVar

HEADER = re.compile(r"^-- (name|columns): *(\S+) *$", re.MULTILINE)
USED = re.compile(r"^-- uses: *(\S+) *$", re.MULTILINE)

# To psycopg (`%(name)s`) and to PostgreSQL (`'{1,2}'`) a dotted name in braces means nothing.
UNNAMED = "(no name)"
_NAMES: dict[str, str] = {}  # by text
ENUM_NAME = re.compile(r"\{([^\W\d]\w*)\.(\w+)\}")
SHARD_MARK = re.compile(r"\{shard: ([^{}]+)\}")
SHARD_NAMED = "%(shard)s"


class DataclassValue(Protocol):
    """Any dataclass, slotted or not."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Value = TypeVar("Value", bound=DataclassValue)


class Statements(dict[str, LiteralString]):
    """The statements of a file by name. ``of_shard`` has those that are written for rows of one shard too, with ``%(shard)s``.

    A distributed database carries out on one machine what names one shard (docs/decisions/0020).
    """

    def __init__(self, texts: Mapping[str, LiteralString]) -> None:
        marked = {name: text for name, text in texts.items() if SHARD_MARK.search(text)}
        whole = {name: SHARD_MARK.sub(r"\1", text) for name, text in marked.items()}
        super().__init__({**texts, **whole})
        self.of_shard = {name: SHARD_MARK.sub(SHARD_NAMED, text) for name, text in marked.items()}

    def name_shard(self, name: str, shard: int | None) -> tuple[LiteralString, dict[str, int]]:
        """Returns the text for rows of that shard with its parameter; for rows of any shards if ``shard`` is ``None``."""
        return (self[name], {}) if shard is None else (self.of_shard[name], {"shard": shard})


def load_statements(
    package: str, file_name: str = "queries.sql", *, enums: Sequence[type[IntEnum]] = ()
) -> Statements:
    """The statements of ``package``'s file by name. The text is ours and constant, hence ``LiteralString``.

    ``{posting}`` in a statement becomes the list under the header ``-- columns: posting`` of the same file, or of the
    ``queries.sql`` of the package that a header ``-- uses: package`` names.
    ``{Purpose.CHARGE}`` becomes the number of that member of one of ``enums``: to the planner it is a literal.
    ``{shard: asked.shard}`` becomes ``asked.shard``, and the parameter in the text for rows of one shard.
    Raises ``ValueError`` where two statements or two lists share a name, or an enum or a member is unknown.
    """
    found = Statements(_load_blocks(package, file_name, enums)["name"])
    for texts in (found, found.of_shard):
        _NAMES.update((text, name) for name, text in texts.items())
    return found


def name_statement(statement: object) -> str:
    """Returns the name of a statement that was loaded; one in words for any other, such as the beginning of a transaction."""
    return _NAMES.get(statement, UNNAMED) if isinstance(statement, str) else UNNAMED


def _load_blocks(
    package: str, file_name: str, enums: Sequence[type[IntEnum]]
) -> dict[str, dict[str, LiteralString]]:
    """The statements and the lists of a file, each by its name, with the lists in the places where they are named."""
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    blocks = HEADER.split(_fill_enum_names(text, enums, where=f"{package}/{file_name}"))[1:]
    found: dict[str, dict[str, LiteralString]] = {"name": {}, "columns": {}}
    for kind, name, body in zip(blocks[::3], blocks[1::3], blocks[2::3], strict=True):
        if name in found[kind]:
            raise ValueError(f"{package}/{file_name}: {name} is defined twice")
        found[kind][name] = _shorten(body)
    lists = dict(found["columns"])
    for used in USED.findall(text):
        lists |= _load_blocks(used, "queries.sql", enums)["columns"]
    return {
        kind: {name: _fill_columns(body, lists) for name, body in by_name.items()}
        for kind, by_name in found.items()
    }


def _shorten(body: LiteralString) -> LiteralString:
    """Without comments and indentation: psycopg remembers how it has read a statement only if it is short."""
    lines = (line.strip() for line in body.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))


def _fill_columns(body: LiteralString, lists: Mapping[str, LiteralString]) -> LiteralString:
    for name, columns in lists.items():
        place = f"{{{name}}}"
        if place in body:
            body = body.replace(place, _fill_columns(columns, lists))
    return body


def _fill_enum_names(text: str, enums: Sequence[type[IntEnum]], *, where: str) -> LiteralString:
    by_name = {enum.__name__: enum for enum in enums}

    def number(found: re.Match[str]) -> str:
        enum = by_name.get(found[1])
        if enum is None or found[2] not in enum.__members__:
            raise ValueError(f"{where}: {found[0]} is not a member of an enum given to load_statements")
        return str(int(enum[found[2]]))

    return ENUM_NAME.sub(number, text)


def vars_of(value: DataclassValue, *, prefix: str = "") -> dict[str, Any]:
    """The fields of ``value`` as a statement's parameters, by name; a tuple as an array. Nested values stay as they are.

    A nested value is passed together with its owner, under its field's name: ``prefix="source_"``.
    """
    found = {f"{prefix}{field.name}": getattr(value, field.name) for field in fields(value)}
    # The driver sends a tuple as one composite value, a list as an array.
    return {name: list(one) if type(one) is tuple else one for name, one in found.items()}


def arrays_of(kind: type[Value], values: Iterable[Value]) -> dict[str, list[Any]]:
    """The parameters of a statement that writes many values at once: of each field an array, for it to unnest."""
    listed = list(values)
    return {field.name: [getattr(value, field.name) for value in listed] for field in fields(kind)}
