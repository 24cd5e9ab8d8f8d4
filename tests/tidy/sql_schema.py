"""Reads from the migrations which tables are distributed by shard, with PostgreSQL's own parser."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import ConstrType

from tests.tidy.source import Source

SHARD = "shard"


@dataclass(frozen=True, slots=True)
class Schema:
    """The distributed tables, all others with a shard (temporary ones too), and the queries of views.

    ``functions`` return rows of the shard that is their first argument, and ``lookups`` of the shard that is in it. ``searches`` name no
    shard and read distributed tables, ``claims`` those of the shards that are their first argument.
    """

    distributed: frozenset[str]
    sharded: frozenset[str]
    views: Mapping[str, ast.Node]
    functions: frozenset[str]
    lookups: frozenset[str]
    searches: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()


def read_schema(migrations: Iterable[Source], temporary: Iterable[str] = ()) -> Schema:
    """What the migrations leave: tables that are dropped again are not in it. ``temporary`` tables have a shard."""
    keyed: set[str] = set()
    sharded: set[str] = set()
    views: dict[str, ast.Node] = {}
    functions: dict[str, str] = {}
    bodies: dict[str, str] = {}
    for source in migrations:
        for raw in parse_sql(source.text):
            change: Any = raw.stmt
            if isinstance(change, ast.CreateStmt):
                _add_table(change, keyed, sharded)
            elif isinstance(change, ast.AlterTableStmt):
                _change_table(change, keyed, sharded)
            elif isinstance(change, ast.ViewStmt):
                views[change.view.relname] = change.query
            elif isinstance(change, ast.CreateFunctionStmt):
                functions[change.funcname[-1].sval] = change.parameters[0].name if change.parameters else ""
                bodies[change.funcname[-1].sval] = _body(change)
            elif isinstance(change, ast.DropStmt):
                for dropped in change.objects:
                    name = dropped[-1].sval if isinstance(dropped, tuple) else ""
                    keyed.discard(name)
                    sharded.discard(name)
                    views.pop(name, None)
    by_shard = frozenset(name for name, first in functions.items() if first == "of_shard")
    by_reference = frozenset(name for name, first in functions.items() if first == "of_reference")
    claims = frozenset(name for name, first in functions.items() if first == "shards")
    read = re.compile(rf"\b(?:FROM|JOIN) (?:{'|'.join([*keyed, *views])})\b")
    searches = {name for name, body in bodies.items() if read.search(" ".join(body.split()))}
    return Schema(
        frozenset(keyed),
        frozenset(sharded - keyed | {*temporary}),
        views,
        by_shard,
        by_reference,
        searches=frozenset(searches - by_shard - by_reference - claims),
        claims=claims,
    )


def _body(function: Any) -> str:
    """The text of a function; empty for one whose body is an expression."""
    return "".join(
        part.sval for option in function.options or () if option.defname == "as" for part in option.arg
    )


def _add_table(change: Any, keyed: set[str], sharded: set[str]) -> None:
    name, parents = change.relation.relname, {parent.relname for parent in change.inhRelations or ()}
    elements = change.tableElts or ()
    columns = {one.colname for one in elements if isinstance(one, ast.ColumnDef)}
    if SHARD in columns or parents & sharded:
        sharded.add(name)
    if SHARD in _keys(elements) or parents & keyed:
        keyed.add(name)


def _change_table(change: Any, keyed: set[str], sharded: set[str]) -> None:
    changed = [command.def_ for command in change.cmds if command.def_ is not None]
    if any(SHARD in _names(one) for one in changed):
        sharded.add(change.relation.relname)
    if SHARD in _keys(changed):
        keyed.add(change.relation.relname)


def _keys(elements: Iterable[Any]) -> list[str]:
    """The columns of the primary key."""
    return [
        key.sval
        for one in elements
        if isinstance(one, ast.Constraint) and one.contype == ConstrType.CONSTR_PRIMARY
        for key in one.keys or ()
    ]


def _names(node: Any) -> set[str]:
    return {node.colname} if isinstance(node, ast.ColumnDef) else set()
