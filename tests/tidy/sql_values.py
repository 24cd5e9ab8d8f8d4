"""Finds the values that a statement compares with a column or writes to one. Does not know any column or rule.

A statement is parsed into nested groups of tokens, one per pair of parentheses. Values that cannot be traced (results of
a function or of another statement) are skipped.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from tests.tidy.sql_text import Token, tokens

_OPERATORS = {"=", "<", ">", "!"}
_DISTINCT = {"IS", "NOT", "DISTINCT", "FROM"}
_LIST_ENDS = {
    "FROM",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "ON",
    "RETURNING",
}
_PASSES_VALUES = {"COALESCE", "GREATEST", "LEAST", "NULLIF"}
_NO_COLUMN = Token(0, "")


class Group(NamedTuple):
    """The content of one pair of parentheses."""

    line: int
    nodes: list["Node"]


Node = Token | Group


class Value(NamedTuple):
    """A token that is compared with, or written to, one of ``columns``."""

    token: Token
    columns: frozenset[str]


def find_values(text: str, first_line: int = 1) -> Iterator[Value]:
    """Yields the values of a blanked text. Columns are in lower case, without the name of their table."""
    read = iter(tokens(text, first_line))
    yield from _values_of(_read_group(read), [])


def _read_group(read: Iterator[Token]) -> list[Node]:
    nodes: list[Node] = []
    for token in read:
        if token.text in {"(", "["}:
            nodes.append(Group(token.line, _read_group(read)))
        elif token.text in {")", "]"}:
            break
        else:
            nodes.append(token)
    return nodes


def _values_of(nodes: list[Node], names: list[str]) -> Iterator[Value]:
    """``names`` are the columns of this group's rows by position, if its context specifies them."""
    yield from _compared(nodes)
    names = _insert_columns(nodes) or names
    for items in _select_lists(nodes):
        names = names or [_name_of(item) for item in items]
        yield from _written(items, names)
    for at, node in enumerate(nodes):
        if isinstance(node, Group):
            if _follows_values(nodes, at):
                yield from _written(_split(node.nodes), names)
            yield from _values_of(node.nodes, _names_around(nodes, at))


def _word(nodes: list[Node], at: int) -> str:
    node = nodes[at] if 0 <= at < len(nodes) else _NO_COLUMN
    return node.word if isinstance(node, Token) else ""


def _split(nodes: list[Node]) -> list[list[Node]]:
    items: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, Token) and node.text == ",":
            items.append([])
        else:
            items[-1].append(node)
    return items


def _compared(nodes: list[Node]) -> Iterator[Value]:
    for at in range(len(nodes)):
        left, right = _left_operand(nodes, at), _operand(nodes, at)
        if left is None:
            if _word(nodes, at) == "CASE":
                yield from _cases(nodes, at)
            continue
        yield from _pairs(left, right)
        yield from _pairs(right, left)
        if _word(nodes, at) in {"ANY", "ALL"} and isinstance(operand := nodes[at + 1], Group):
            yield from _pairs(left, operand)
        if _word(nodes, at - 1) == "BETWEEN" and isinstance(end := nodes[at + 2], Token):
            yield from _pairs(left, end)


def _operand(nodes: list[Node], at: int) -> Node:
    """Returns the node that begins at ``at``; for `postings.kind`, the last word."""
    while _word(nodes, at + 1) == ".":
        at += 2
    return nodes[at]


def _left_operand(nodes: list[Node], at: int) -> Node | None:
    """Returns the left operand of the operator before ``nodes[at]``; ``None`` if there is no operator."""
    before = at - 1
    if _word(nodes, before) in {"IN", "BETWEEN"}:
        before -= 1 + (_word(nodes, before - 1) == "NOT")
    elif _word(nodes, before) == "FROM" and _word(nodes, before - 1) == "DISTINCT":
        while _word(nodes, before) in _DISTINCT:
            before -= 1
    elif _word(nodes, before) in _OPERATORS:
        while _word(nodes, before) in _OPERATORS:
            before -= 1
    else:
        return None
    if _word(nodes, before - 1) == ":":  # a cast: `kind::integer`
        before -= 3
    return nodes[before] if before >= 0 else None


def _pairs(columns: Node, values: Node) -> Iterator[Value]:
    """Pairs a column with a value or a list of values, or a row of columns with a row of values or a list of rows."""
    if isinstance(columns, Token):
        inside = _flat(values) if isinstance(values, Group) else [values]
        yield from (Value(token, frozenset({columns.text.lower()})) for token in inside)
        return
    names = [_name_of(item) for item in _split(columns.nodes)]
    if isinstance(values, Token):
        yield Value(values, frozenset(names))
        return
    rows = [node for node in values.nodes if isinstance(node, Group)] or [values]
    for row in rows:
        yield from _written(_split(row.nodes), names)


def _flat(group: Group) -> Iterator[Token]:
    """Yields the tokens of a list of values; nothing for a SELECT, which has its own columns."""
    if _word(group.nodes, 0) in {"SELECT", "WITH"}:
        return
    for node in group.nodes:
        if isinstance(node, Token):
            yield node
        else:
            yield from _flat(node)


def _cases(nodes: list[Node], at: int) -> Iterator[Value]:
    """For `CASE kind WHEN 1`: the value after each WHEN is compared with the column after CASE."""
    column = next(
        (before for before, after in pairwise(nodes[at:]) if _word([after], 0) == "WHEN"), _NO_COLUMN
    )
    if isinstance(column, Group) or column.word == "CASE":
        return
    for before, after in pairwise(nodes[at:]):
        if _word([before], 0) == "END":
            return
        if _word([before], 0) == "WHEN" and isinstance(after, Token):
            yield Value(after, frozenset({column.text.lower()}))


def _insert_columns(nodes: list[Node]) -> list[str]:
    """Returns the columns of an INSERT among ``nodes``, in order."""
    for at, node in enumerate(nodes):
        if isinstance(node, Group) and "INTO" in {_word(nodes, at - 2), _word(nodes, at - 4)}:
            return [_name_of(item) for item in _split(node.nodes)]
    return []


def _select_lists(nodes: list[Node]) -> Iterator[list[list[Node]]]:
    for at in range(len(nodes)):
        if _word(nodes, at) == "SELECT":
            start = at + 1
            if _word(nodes, start) == "DISTINCT":
                start += 3 if _word(nodes, start + 1) == "ON" else 1
            end = next(
                (one for one in range(start, len(nodes)) if _word(nodes, one) in _LIST_ENDS), len(nodes)
            )
            yield _split(nodes[start:end])


def _name_of(item: list[Node]) -> str:
    """Returns the name of a column in a list: its alias, or its last word."""
    last = item[-1] if item else _NO_COLUMN
    return last.text.lower() if isinstance(last, Token) else ""


def _follows_values(nodes: list[Node], at: int) -> bool:
    """Returns whether this group is a row of a VALUES."""
    before = at - 1
    while before > 0 and _word(nodes, before) == "," and isinstance(nodes[before - 1], Group):
        before -= 2
    return _word(nodes, before) == "VALUES"


def _names_around(nodes: list[Node], at: int) -> list[str]:
    """Returns the column names that the context gives a group: `found (id, kind) AS (...)`, `(...) AS found (id)`."""
    before = at - 2 if _word(nodes, at - 1) == "MATERIALIZED" else at - 1
    after = at + 2 if _word(nodes, at + 1) == "AS" else at + 1
    for name, listed in ((_word(nodes, before), before - 1), (_word(nodes, after), after + 1)):
        group = nodes[listed] if 0 <= listed < len(nodes) else _NO_COLUMN
        if name and isinstance(group, Group) and (listed > at or name == "AS"):
            return [_name_of(item) for item in _split(group.nodes)]
    return []


def _written(items: list[list[Node]], names: list[str]) -> Iterator[Value]:
    for at, item in enumerate(items):
        columns = {_name_of(item), names[at] if at < len(names) else ""}
        yield from (Value(token, frozenset(columns)) for token in _literals(item))


def _literals(item: list[Node]) -> Iterator[Token]:
    """Yields the tokens that may be the value of an item, rather than a part of its computation."""
    for at, node in enumerate(item):
        opens = at == 0 or _word(item, at - 1) in {"THEN", "ELSE"}
        closes = at + 1 == len(item) or _word(item, at + 1) in {":", "AS", "WHEN", "ELSE", "END"}
        if isinstance(node, Token):
            if opens and closes:
                yield node
        elif (opens and closes) or _word(item, at - 1) in _PASSES_VALUES:
            for inner in _split(node.nodes):
                yield from _literals(inner)
