"""Finds which shards a statement names: one, that of each row it asks for, or none. Reads it with PostgreSQL's own parser.

A table is distributed if its primary key contains ``shard``. Where two columns named ``shard`` are equated, in a condition,
by USING, or because one is selected from the other, they are one; what is known of one holds for both. Does not look into the
bodies of functions: one that takes the shard as an argument reaches that shard, any other that reads a distributed table reaches all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import A_Expr_Kind, BoolExprType, SetOperation, SubLinkType

from tests.tidy.sql_schema import SHARD, Schema

SHARD_FUNCTION = "shard_of"

_PARAMETER = re.compile(r"%\((\w+)\)[sbt]")


class Reach(StrEnum):
    ONE = "one shard"
    EACH = "the shard of each row"
    EVERY = "every shard"


@dataclass(frozen=True, slots=True)
class Shards:
    """How far a statement reaches, and the pairs of distributed tables of one FROM whose shards are not equated."""

    reach: Reach | None
    unjoined: tuple[tuple[str, str], ...] = ()
    row_functions: tuple[str, ...] = ()
    has_unnamed: bool = False
    """Functions that take a whole row: the type of a row is another one on each node."""
    reads_places: bool = False
    """Whether it reads in which table a row is: a node has tables of its own."""


@cache
def parse(text: str) -> tuple[Any, ...]:
    """The statements of a text whose parameters are the driver's, ``%(name)s``."""
    numbers: dict[str, int] = {}
    numbered = _PARAMETER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", text)
    return tuple(raw.stmt for raw in parse_sql(numbered.replace("%%", "%")))


def find_shards(text: str, schema: Schema) -> Shards:
    """What one statement says of shards; its parameters as the driver's, ``%(name)s``."""
    if text.lstrip().upper().startswith("COPY"):
        return Shards(None)
    read = Reading(schema)
    for statement in parse(text):
        read.query(statement, (), {})
    reaches = {read.reach_of(table) for table in read.tables}
    furthest = next((one for one in (Reach.EVERY, Reach.EACH, Reach.ONE) if one in reaches), None)
    unjoined = sorted({pair for scope in read.scopes for pair in read.list_unjoined(scope)})
    return Shards(
        furthest,
        tuple(unjoined),
        tuple(sorted(read.row_functions)),
        reads_places=read.reads_places,
        has_unnamed=read.has_unnamed,
    )


class Column:
    """A column named ``shard``, or what it is equated to."""

    def __init__(self, reach: Reach | None = None) -> None:
        self.same: Column | None = None
        self.reach = reach

    def find(self) -> "Column":
        found = self
        while found.same is not None:
            found = found.same
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """What a FROM names: ``shard`` is missing where it has no such column."""

    table: str
    shard: Column | None
    column: str = SHARD


Scope = dict[str, Relation]
Outer = tuple[Scope, ...]
Named = dict[str, Column | None]


def _is_nearer(one: Reach, other: Reach) -> bool:
    order = list(Reach)
    return order.index(one) < order.index(other)


class Reading:
    """What one statement says of shards, as far as it was read."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables: list[Relation] = []
        self.scopes: list[Scope] = []
        self.row_functions: set[str] = set()
        self.has_unnamed = False
        self.reads_places = False

    def reach_of(self, relation: Relation) -> Reach:
        assert relation.shard is not None
        return relation.shard.find().reach or Reach.EVERY

    def list_unjoined(self, scope: Scope) -> Iterator[tuple[str, str]]:
        """Of one FROM: tables whose shards are neither equated nor named. One may be read wherever its rows are."""
        open_tables: dict[Column, str] = {}
        for one in scope.values():
            if one.table in self.schema.distributed and one.shard is not None and not one.shard.find().reach:
                open_tables.setdefault(one.shard.find(), one.table)
        yield from combinations(sorted(open_tables.values()), 2)

    def equate(self, one: Column | None, other: Column | None) -> None:
        if one is None or other is None or one.find() is other.find():
            return
        left, right = one.find(), other.find()
        left.same = right
        if left.reach is not None and (right.reach is None or _is_nearer(left.reach, right.reach)):
            right.reach = left.reach

    # -- queries: each returns the shard among the columns that it selects -----------------------------------

    def query(self, node: Any, outer: Outer, named: Named, *, place: int | None = None) -> Column | None:
        """``place`` is that of the shard among what is selected, where an INSERT says so."""
        named = dict(named)
        with_clause = getattr(node, "withClause", None)
        for one in with_clause.ctes if with_clause is not None else ():
            named[one.ctename] = self._named_query(one.ctequery, one.ctename, outer, named)
        if isinstance(node, ast.SelectStmt):
            return self._select(node, outer, named, place)
        if isinstance(node, ast.InsertStmt):
            return self._insert(node, outer, named)
        if isinstance(node, ast.UpdateStmt | ast.DeleteStmt):
            return self._change(node, outer, named)
        if isinstance(node, ast.CreateTableAsStmt):
            return self.query(node.query, outer, named)
        return None

    def _named_query(self, node: Any, name: str, outer: Outer, named: Named) -> Column | None:
        if not isinstance(node, ast.SelectStmt) or node.op == SetOperation.SETOP_NONE:
            return self.query(node, outer, named)
        first = self.query(node.larg, outer, named)  # may be recursive: the second part reads the first
        self.equate(first, self.query(node.rarg, outer, named | {name: first}))
        return first

    def _select(self, node: Any, outer: Outer, named: Named, place: int | None) -> Column | None:
        if node.op != SetOperation.SETOP_NONE:
            first, second = (self.query(part, outer, named, place=place) for part in (node.larg, node.rarg))
            self.equate(first, second)
            return first or second
        inner = self._open(node.fromClause or (), outer, named)
        self._condition(node.whereClause, inner, named)
        rest = (node.valuesLists, node.havingClause, node.groupClause, node.sortClause, node.limitCount)
        self._inspect((*rest, node.limitOffset, node.windowClause, node.distinctClause), inner, named)
        if place is not None and node.targetList:
            self._inspect(node.targetList, inner, named)
            return self._value(node.targetList[place].val, inner, named)
        return self._selected(node.targetList, inner, named)

    def _change(self, node: Any, outer: Outer, named: Named) -> Column | None:
        others = node.fromClause if isinstance(node, ast.UpdateStmt) else node.usingClause
        inner = self._open((node.relation, *(others or ())), outer, named)
        self._condition(node.whereClause, inner, named)
        if isinstance(node, ast.UpdateStmt):
            self._inspect(node.targetList, inner, named)
        return self._selected(_returned(node), inner, named)

    def _insert(self, node: Any, outer: Outer, named: Named) -> Column | None:
        inner = self._open((node.relation,), outer, named)
        [written] = inner[0].values()
        columns = [column.name for column in node.cols or ()]
        if node.selectStmt is not None:
            place = columns.index(SHARD) if SHARD in columns else None
            selected = self.query(node.selectStmt, outer, named, place=place)
            if place is not None:
                self.equate(written.shard, selected)
                for row in node.selectStmt.valuesLists or ():
                    self.equate(written.shard, self._value(row[place], outer, named))
        if node.onConflictClause is not None:
            self._inspect(node.onConflictClause, inner, named)
        return self._selected(_returned(node), inner, named)

    def _selected(self, targets: Sequence[Any], inner: Outer, named: Named) -> Column | None:
        self._inspect(targets, inner, named)
        for target in targets or ():
            value = _bare(target.val)
            is_call = isinstance(value, ast.FuncCall) and value.funcname[-1].sval == SHARD_FUNCTION
            if _is_shard(target.name or _last_name(value)) or is_call:
                return self._value(value, inner, named) or Column()
        return None

    # -- what a FROM names ------------------------------------------------------------------------------------

    def _open(self, sources: Sequence[Any], outer: Outer, named: Named) -> Outer:
        scope: Scope = {}
        for source in sources:
            self._source(source, scope, outer, named)
        self.scopes.append(scope)
        return (scope, *outer)

    def _source(self, node: Any, scope: Scope, outer: Outer, named: Named) -> None:
        if isinstance(node, ast.JoinExpr):
            self._source(node.larg, scope, outer, named)
            before = list(scope.values())
            self._source(node.rarg, scope, outer, named)
            if SHARD in {name.sval for name in node.usingClause or ()}:
                added = [one for one in scope.values() if one not in before]
                for one in before:
                    for other in added:
                        self.equate(one.shard, other.shard)
            self._condition(node.quals, (scope, *outer), named)
        elif isinstance(node, ast.RangeVar):
            scope[node.alias.aliasname if node.alias else node.relname] = self._relation(node.relname, named)
        elif isinstance(node, ast.RangeSubselect):
            shard = self.query(node.subquery, (scope, *outer), named)
            self.has_unnamed |= node.alias is None
            scope[node.alias.aliasname if node.alias else f"({len(scope)})"] = Relation("", shard)
        elif isinstance(node, ast.RangeFunction):
            self._function(node, scope, outer, named)

    def _relation(self, name: str, named: Named) -> Relation:
        if name in named:
            return Relation("", named[name])
        if name in self.schema.distributed:
            found = Relation(name, Column())
            self.tables.append(found)
            return found
        if name in self.schema.views:
            return Relation(name, self.query(self.schema.views[name], (), {}))
        # A row of a table that is on every node, or of a temporary one, names the shard of what belongs to it.
        return Relation(name, Column(reach=Reach.EACH) if name in self.schema.sharded else None)

    def _function(self, node: Any, scope: Scope, outer: Outer, named: Named) -> None:
        call = node.functions[0][0]
        name = call.funcname[-1].sval if isinstance(call, ast.FuncCall) else ""
        alias = node.alias.aliasname if node.alias else name
        columns = {column.sval for column in (node.alias.colnames or ())} if node.alias else set()
        if name in self.schema.functions | self.schema.lookups:
            scope[alias] = self._rows_of(call, (scope, *outer), named)
        elif name in self.schema.searches | self.schema.claims:
            scope[alias] = Relation("", Column(reach=Reach.EACH) if name in self.schema.claims else Column())
            self.tables.append(scope[alias])
        else:
            column = next(filter(_is_shard, columns or {alias}), "")
            # Rows that are sent with a statement name the shard of each; `every_shard` names all.
            reach = Reach.EACH if name == "unnest" else None
            scope[alias] = Relation("", Column(reach=reach) if column else None, column)
        self._inspect(node.functions, (scope, *outer), named)

    def _rows_of(self, call: Any, inner: Outer, named: Named) -> Relation:
        first = _bare(call.args[0])
        if call.funcname[-1].sval in self.schema.functions:
            shard = self._value(first, inner, named) or Column()
        else:
            is_single = isinstance(first, ast.ParamRef | ast.A_Const)
            shard = Column(reach=Reach.ONE if is_single else Reach.EACH)
        found = Relation("", shard)
        self.tables.append(found)
        return found

    # -- conditions and values --------------------------------------------------------------------------------

    def _condition(self, node: Any, inner: Outer, named: Named) -> None:
        if isinstance(node, ast.BoolExpr) and node.boolop == BoolExprType.AND_EXPR:
            for part in node.args:
                self._condition(part, inner, named)
        elif isinstance(node, ast.SubLink) and node.subLinkType == SubLinkType.ANY_SUBLINK:
            found = self.query(node.subselect, inner, named)
            for one in _parts(node.testexpr):
                if _is_shard(_last_name(one)):
                    self.equate(self._value(one, inner, named), found)
        else:
            if isinstance(node, ast.A_Expr):
                self._comparison(node, inner, named)
            self._inspect(node, inner, named)

    def _comparison(self, node: Any, inner: Outer, named: Named) -> None:
        if node.kind == A_Expr_Kind.AEXPR_OP and node.name[-1].sval == "=":
            left, right = _parts(node.lexpr), _parts(node.rexpr)
            for one, other in zip(left, right, strict=True) if len(left) == len(right) else ():
                if _is_shard(_last_name(one)) or _is_shard(_last_name(other)):
                    self.equate(self._value(one, inner, named), self._value(other, inner, named))
        elif node.kind == A_Expr_Kind.AEXPR_OP_ANY and _is_shard(_last_name(node.lexpr)):
            self.equate(self._value(node.lexpr, inner, named), Column(reach=Reach.EACH))

    def _value(self, node: Any, inner: Outer, named: Named) -> Column | None:
        node = _bare(node)
        if isinstance(node, ast.ColumnRef):
            return self._column(node, inner)
        if isinstance(node, ast.ParamRef | ast.A_Const):
            return Column(reach=Reach.ONE)
        if isinstance(node, ast.FuncCall) and node.funcname[-1].sval == SHARD_FUNCTION:
            is_single = isinstance(_bare(node.args[0]), ast.ParamRef | ast.A_Const)
            return Column(reach=Reach.ONE if is_single else Reach.EACH)
        return None

    def _column(self, node: Any, inner: Outer) -> Column | None:
        names = [one.sval for one in node.fields if isinstance(one, ast.String)]
        if not names or not _is_shard(names[-1]):
            return None
        for scope in inner:
            if len(names) > 1:
                if names[-2] in scope:
                    return scope[names[-2]].shard
            else:
                found = [one.shard for one in scope.values() if one.column == names[0] and one.shard]
                if found:
                    return found[0]
        return None

    def _inspect(self, node: Any, inner: Outer, named: Named) -> None:
        """Reads the queries inside an expression, and what it does with whole rows."""
        if isinstance(node, ast.SubLink):
            self._inspect(node.testexpr, inner, named)
            self.query(node.subselect, inner, named)
        elif isinstance(node, tuple | list):
            for one in node:
                self._inspect(one, inner, named)
        elif isinstance(node, ast.Node):
            self._note(node, inner)
            for slot in node:
                self._inspect(getattr(node, slot), inner, named)

    def _note(self, node: Any, inner: Outer) -> None:
        if isinstance(node, ast.ColumnRef) and _last_name(node) == "tableoid":
            self.reads_places = True
        if isinstance(node, ast.FuncCall):
            for one in node.args or ():
                is_row = isinstance(one, ast.ColumnRef) and len(one.fields) == 1
                name = _last_name(one) if is_row else ""
                rows = {alias: of.table for scope in inner for alias, of in scope.items()}
                if name and rows.get(name, "") in self.schema.distributed:
                    self.row_functions.add(node.funcname[-1].sval)


def _is_shard(name: str) -> bool:
    return name.endswith(SHARD)


def _parts(node: Any) -> Sequence[Any]:
    """The columns of a row, or the only one."""
    return node.args if isinstance(node, ast.RowExpr) else (node,)


def _bare(node: Any) -> Any:
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return node


def _last_name(node: Any) -> str:
    node = _bare(node)
    last = node.fields[-1] if isinstance(node, ast.ColumnRef) else None
    return last.sval if isinstance(last, ast.String) else ""


def _returned(node: Any) -> Sequence[Any]:
    clause = getattr(node, "returningClause", None)
    if clause is not None:
        return clause.exprs or ()
    return getattr(node, "returningList", None) or ()
