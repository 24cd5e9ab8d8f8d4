"""Owns the reading of rows: each becomes a frozen value, its columns found by name and never by position.

Does not own statements, or whose connection they run on.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, LiteralString, TypeVar, get_args, get_origin, get_type_hints

from psycopg.rows import BaseRowFactory, dict_row, kwargs_row, scalar_row

from jobmeter.database.columns import Columns
from jobmeter.database.connection import Connection

Value = TypeVar("Value")
Packed = TypeVar("Packed", bound=Columns)
Parameters = Mapping[str, Any]


async def find_row(
    connection: Connection,
    make: Callable[..., Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> Value | None:
    """The row, if there is one. ``make`` is a frozen dataclass, or a function that is called with the columns by name."""
    cursor = connection.cursor(row_factory=row_of(make))
    return await (await cursor.execute(statement, parameters)).fetchone()


async def read_row(
    connection: Connection,
    make: Callable[..., Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> Value:
    """The row of a statement that always returns one; ``make`` as for ``find_row``."""
    found = await find_row(connection, make, statement, parameters)
    assert found is not None, "the statement returns a row"
    return found


async def list_rows(
    connection: Connection,
    make: Callable[..., Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
    *,
    prepare: bool | None = None,
) -> list[Value]:
    """All rows; ``make`` as for ``find_row``. ``prepare=False`` plans the statement for these parameters alone."""
    cursor = connection.cursor(row_factory=row_of(make))
    return await (await cursor.execute(statement, parameters, prepare=prepare)).fetchall()


async def find_scalar(
    connection: Connection,
    kind: type[Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> Value | None:
    """The only column of the row; ``None`` where that is NULL or there is no row."""
    cursor = connection.cursor(row_factory=scalar_row)
    found = await (await cursor.execute(statement, parameters)).fetchone()
    assert found is None or isinstance(found, kind), "the column is of another type"
    return found


async def read_scalar(
    connection: Connection,
    kind: type[Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> Value:
    """The only column of a statement that always returns a value."""
    found = await find_scalar(connection, kind, statement, parameters)
    assert found is not None, "the statement returns a value"
    return found


async def list_scalars(
    connection: Connection,
    kind: type[Value],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> list[Value]:
    """The only column of all rows."""
    cursor = connection.cursor(row_factory=scalar_row)
    found = await (await cursor.execute(statement, parameters)).fetchall()
    assert all(isinstance(one, kind) for one in found), "the column is of another type"
    return found


async def read_columns(
    connection: Connection,
    kind: type[Packed],
    statement: LiteralString,
    parameters: Parameters | None = None,
) -> Packed:
    """One row of packed columns, for thousands of rows would cost more to read in Python than they cost to find."""
    cursor = connection.cursor(binary=True, row_factory=dict_row)
    row = await (await cursor.execute(statement, parameters)).fetchone()
    assert row is not None, "an aggregate returns a row"
    return kind.from_row(row)


async def change_rows(
    connection: Connection, statement: LiteralString, parameters: Parameters | None = None
) -> int:
    """How many rows the statement inserted, updated or deleted."""
    return (await connection.execute(statement, parameters)).rowcount


@cache
def row_of(make: Callable[..., Value]) -> BaseRowFactory[Value]:
    """A row factory as psycopg's ``class_row``, with the conversions of ``value_of``.

    The factory is cached, so ``make`` must not be a closure.
    """
    if not _list_converters(make):
        return kwargs_row(make)
    return kwargs_row(lambda **columns: value_of(make, columns))


def value_of(make: Callable[..., Value], columns: dict[str, Any]) -> Value:
    """Made of the columns by name. Each becomes what ``make`` declares: the member of an enum, a tuple of an array."""
    for name, convert in _list_converters(make):
        if columns.get(name) is not None:
            columns[name] = convert(columns[name])
    return make(**columns)


@cache
def _list_converters(make: Callable[..., Any]) -> list[tuple[str, Callable[[Any], Any]]]:
    hints = get_type_hints(make)
    return [(name, convert) for name, hint in hints.items() if (convert := _find_converter(hint))]


def _find_converter(hint: Any) -> Callable[[Any], Any] | None:
    """Of the type itself, or of one that may be missing (``Rule | None``)."""
    for choice in get_args(hint) if isinstance(hint, UnionType) else (hint,):
        if isinstance(choice, type) and issubclass(choice, Enum):
            return choice
        if get_origin(choice) is tuple or choice is tuple:
            return tuple
    return None
