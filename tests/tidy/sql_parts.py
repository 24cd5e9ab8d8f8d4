"""Finds tables whose shard a statement names only through other rows. Citus looks for the shard in each part that it plans by itself, and
asks every node about a part in which it finds none.

Such parts are named queries (WITH), subqueries with LIMIT or OFFSET, and what is left without them. Rows that are inserted bring their
shard with them.
"""

from collections.abc import Iterator
from typing import Any

from pglast import ast

from tests.tidy.sql_schema import Schema
from tests.tidy.sql_shards import Column, Named, Outer, Reach, Reading, Relation, Scope, parse


def list_distant(text: str, schema: Schema) -> list[str]:
    """The distributed tables of a statement of one shard, by name, whose part of the statement does not name it."""
    found = set()
    for statement in parse(text):
        for part in _list_parts(statement):
            read = _Part(schema)
            read.query(part, (), {})
            found |= {one.table for one in read.tables if read.reach_of(one) is not Reach.ONE}
    return sorted(found)


def _is_apart(node: Any) -> bool:
    query = node.subquery
    return query.limitOffset is not None or query.limitCount is not None


def _list_parts(node: Any) -> Iterator[Any]:
    yield node
    yield from _list_inner(node)


def _list_inner(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple | list):
        for one in node:
            yield from _list_inner(one)
    elif isinstance(node, ast.Node):
        if isinstance(node, ast.RangeSubselect) and _is_apart(node):
            yield node.subquery
        if isinstance(node, ast.CommonTableExpr):
            yield node.ctequery
        for slot in node:
            yield from _list_inner(getattr(node, slot))


class _Part(Reading):
    """What one part says: the rows of others have some shard, of which nothing is known here."""

    def _named_query(self, node: Any, name: str, outer: Outer, named: Named) -> Column | None:
        return Column()

    def _source(self, node: Any, scope: Scope, outer: Outer, named: Named) -> None:
        if isinstance(node, ast.RangeSubselect) and _is_apart(node):
            scope[node.alias.aliasname] = Relation("", Column())
        else:
            super()._source(node, scope, outer, named)

    def _insert(self, node: Any, outer: Outer, named: Named) -> Column | None:
        if node.selectStmt is not None:
            self.query(node.selectStmt, outer, named)
        return None
