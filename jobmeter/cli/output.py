"""Owns what commands print: tables of rows, records, and the same values as JSON.

Does not own the values, whose names are those of the server's JSON, or which of them a table shows (the commands do).
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from jobmeter.base.terminal import Terminal

Row = dict[str, Any]
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00|Z)")


def print_json(content: Any) -> None:
    """Prints a value as JSON in ASCII: an object for one thing, an array for several."""
    print(json.dumps(content, indent=2))  # noqa: T201 -- JSON, whose strings are ASCII


def print_rows(
    rows: Sequence[Row], columns: Sequence[str], *, as_json: bool, title: str | None = None
) -> None:
    """Prints the ``columns`` of rows as a table, or the whole rows as a JSON array.

    A column is the name of a value, and ``price.amount`` that of a value in it.
    """
    if as_json:
        print_json(rows)
        return
    console = Terminal()
    if not rows:
        console.print_line("There are none.")
    cells = [[write_cell(find_value(row, name)) for name in columns] for row in rows]
    console.print_table([to_words(name) for name in columns], cells, title=title)


def print_record(record: Row, *, as_json: bool) -> None:
    """Prints the values of a record one a line, so that a key or a secret is not folded; lists of records as tables."""
    if as_json:
        print_json(record)
        return
    console = Terminal()
    console.print_values(list(_list_lines(record)))
    for name, rows in _list_tables(record):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        console.print()
        print_rows(rows, columns, as_json=False, title=to_words(name))


def find_value(row: Row, name: str) -> Any:
    """Returns the value of this name, or at a dotted name; ``None`` if it is absent."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def to_words(name: str) -> str:
    """Returns the name of a value as words: ``termEndsAt`` as "term ends at"."""
    return _CAPITAL.sub(" ", name.replace(".", " ").replace("_", " ")).lower()


def to_camel(name: str) -> str:
    """Returns a name of Python as a name of JSON: ``terms_days`` as "termsDays"."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def write_cell(value: Any) -> str:
    """Returns a value as a person reads it; the lines of a text, such as an error of several fields, one after the other."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{to_words(name)} {write_cell(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(write_cell, value))
    return _INSTANT.sub(r"\1 \2Z", "; ".join(str(value).strip().splitlines()))


def _list_lines(record: Row, prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in record.items():
        full = f"{prefix} {to_words(name)}".strip()
        if isinstance(value, dict) and value:
            yield from _list_lines(value, full)
        elif not _is_table(value):
            yield full, write_cell(value)


def _list_tables(record: Row) -> Iterable[tuple[str, list[Row]]]:
    for name, value in record.items():
        if _is_table(value):
            yield name, value
        elif isinstance(value, dict):
            yield from _list_tables(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
