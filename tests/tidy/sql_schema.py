"""Reads from the migrations which tables are distributed by shard, with PostgreSQL's own parser."""

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

    ``functions`` return rows of the shard that is their first argument, and ``lookups`` of the shard that is in it.
    """

    distributed: frozenset[str]
    sharded: frozenset[str]
    views: Mapping[str, ast.Node]
    functions: frozenset[str]
    lookups: frozenset[str]


def read_schema(migrations: Iterable[Source], temporary: Iterable[str] = ()) -> Schema:
    """What the migrations leave: tables that are dropped again are not in it. ``temporary`` tables have a shard."""
    keyed: set[str] = set()
    sharded: set[str] = set()
    views: dict[str, ast.Node] = {}
    functions: dict[str, str] = {}
    for source in migrations:
        for raw in parse_sql(source.text):
            change: Any = raw.stmt
            if isinstance(change, ast.CreateStmt):
                _add_table(change, keyed, sharded)
            elif isinstance(change, ast.AlterTableStmt):
                if any(SHARD in _names(command.def_) for command in change.cmds if command.def_ is not None):
                    sharded.add(change.relation.relname)
            elif isinstance(change, ast.ViewStmt):
                views[change.view.relname] = change.query
            elif isinstance(change, ast.CreateFunctionStmt):
                functions[change.funcname[-1].sval] = change.parameters[0].name if change.parameters else ""
            elif isinstance(change, ast.DropStmt):
                for dropped in change.objects:
                    name = dropped[-1].sval if isinstance(dropped, tuple) else ""
                    keyed.discard(name)
                    sharded.discard(name)
                    views.pop(name, None)
    by_shard = frozenset(name for name, first in functions.items() if first == "of_shard")
    by_reference = frozenset(name for name, first in functions.items() if first == "of_reference")
    return Schema(frozenset(keyed), frozenset(sharded - keyed | {*temporary}), views, by_shard, by_reference)


def _add_table(change: Any, keyed: set[str], sharded: set[str]) -> None:
    name, parents = change.relation.relname, {parent.relname for parent in change.inhRelations or ()}
    elements = change.tableElts or ()
    columns = {one.colname for one in elements if isinstance(one, ast.ColumnDef)}
    keys = [
        key.sval
        for one in elements
        if isinstance(one, ast.Constraint) and one.contype == ConstrType.CONSTR_PRIMARY
        for key in one.keys or ()
    ]
    if SHARD in columns or parents & sharded:
        sharded.add(name)
    if SHARD in keys or parents & keyed:
        keyed.add(name)


def _names(node: Any) -> set[str]:
    return {node.colname} if isinstance(node, ast.ColumnDef) else set()
