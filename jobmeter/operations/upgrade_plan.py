"""Owns what an upgrade of the schema would do, read from the text of its migrations: why each is there, which tables it locks, and whose rows
it changes. Pure.

Does not own applying them (``database.migrations_runner``).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"--[^\n]*")
_BODY = re.compile(r"\$(\w*)\$(.*?)\$\1\$", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_SENTENCE_END = re.compile(r"(?<=\.)\s")
_WHEN = re.compile(r"^Apply (?:before|after) the code\.\s*")

_CREATED = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)")
_FUNCTION = re.compile(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (\w+)")
_INDEX = re.compile(
    r"^CREATE (?:UNIQUE )?INDEX (?:(?:IF NOT EXISTS )?(?!ON )(\w+) )?ON (?:ONLY )?(\w+)(?: USING \w+)? \(([\w, ]*)"
)
# One that may be there already: without literals, which are left out of a statement.
_INDEX_BEFOREHAND = re.compile(r"^CREATE (UNIQUE )?INDEX IF NOT EXISTS (\w+ ON (\w+) [^']*)$")
_DROPPED_INDEX = re.compile(r"^DROP INDEX (?:IF EXISTS )?(\w+)")
_TABLE = re.compile(r"^(?:CREATE|ALTER) TABLE\b")
_LOCKED = re.compile(
    r"^(?:(?:ALTER|DROP) TABLE|LOCK TABLE|TRUNCATE|CREATE TABLE \w+ PARTITION OF|DROP TRIGGER (?:IF EXISTS )?\w+ ON)"
    # Settings of a table are changed beside readers and writers.
    r" (?:IF EXISTS )?(?:ONLY )?(\w+)\b(?! SET \()"
)
_TRIGGER = re.compile(r"^CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON (\w+)")
# A table that gets a policy, by name, or each of a list of them.
_GUARDED = re.compile(r"^SELECT keep_tenants_apart\((?:'(\w+)'|[^;]*?unnest\('\{([\w,\s]+)\}')", re.MULTILINE)
_REFERENCES = re.compile(r"\bREFERENCES (\w+)")
_ROWS = re.compile(r"\b(?:(?<!FOR )(?<!DO )UPDATE|INSERT INTO|DELETE FROM) (?:ONLY )?(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMigration:
    """A migration that is not applied yet. ``purpose`` is the first sentence of its comment.

    While it runs, ``locked`` are the tables whose readers and writers wait, ``writes_wait`` those whose writers wait, and ``rows_changed``
    those whose rows are changed: only writers of the same rows wait. A table that the migration creates is in none of them, and neither
    is what triggers of other tables write. ``beforehand`` are statements that make its indexes beside writers, if they run before it.
    """

    name: str
    purpose: str
    locked: tuple[str, ...]
    writes_wait: tuple[str, ...]
    rows_changed: tuple[str, ...]
    beforehand: tuple[str, ...] = ()


def plan_upgrade(migrations: Sequence[tuple[str, str]], applied: Iterable[str]) -> list[PlannedMigration]:
    """Returns what each of the ``migrations``, by their names, would do that is not ``applied``, in order."""
    done, all_statements = set(applied), {name: split_statements(text) for name, text in migrations}
    existing = {
        table for name in done & set(all_statements) for table in _collect(_CREATED, all_statements[name])
    }
    indexes = [_INDEX.match(one) for statements in all_statements.values() for one in statements]
    table_of = {name_index(one): one[2] for one in indexes if one is not None}
    return [
        _plan(name, all_statements[name], text=text, table_of=table_of, existing=existing)
        for name, text in migrations
        if name not in done
    ]


def name_index(created: re.Match[str]) -> str:
    """Returns its name, or that which PostgreSQL gives it."""
    return created[1] or "_".join([created[2], *(column.strip() for column in created[3].split(",")), "idx"])


def read_purpose(text: str) -> str:
    """Returns the first sentence of a migration's comment, without when it applies."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.lstrip("- "))
    return _SENTENCE_END.split(_WHEN.sub("", " ".join(lines)))[0]


def split_statements(text: str) -> list[str]:
    """Returns the statements that run, each on one line, without its literals.

    The body of a function is no statement that runs, unless the migration calls the function, or it is that of a ``DO``.
    """
    bodies: list[str] = []

    def number(found: re.Match[str]) -> str:
        bodies.append(found[2])
        return f" body_{len(bodies) - 1} "

    outside = _TEXT.sub("''", _BODY.sub(number, _COMMENT.sub("", text)))
    statements = [" ".join(one.split()) for one in outside.split(";") if one.strip()]
    called = {name for one in statements if one.startswith("SELECT ") for name in re.findall(r"(\w+)\(", one)}
    executed = [
        body
        for statement in statements
        for place, body in enumerate(bodies)
        if f" body_{place}" in statement and (statement.startswith("DO ") or _names_any(statement, called))
    ]
    return [*statements, *(one for body in executed for one in split_statements(body))]


def find_guarded(text: str) -> set[str]:
    """Returns the tables that get a policy, which are named in literals."""
    found = _GUARDED.findall(_COMMENT.sub("", text))
    return {table.strip() for one, several in found for table in (one or several).split(",")}


def _names_any(statement: str, called: set[str]) -> bool:
    function = _FUNCTION.match(statement)
    return function is not None and function[1] in called


def _plan(
    name: str,
    statements: Sequence[str],
    *,
    text: str,
    table_of: Mapping[str, str],
    existing: Collection[str],
) -> PlannedMigration:
    created = _collect(_CREATED, statements)
    dropped = {table_of[index] for index in _collect(_DROPPED_INDEX, statements) if index in table_of}
    locked = (_collect(_LOCKED, statements) | dropped | find_guarded(text)) - created
    waiting = {one[2] for one in map(_INDEX.match, statements) if one is not None}
    waiting |= _collect(_TRIGGER, statements)
    changing = [one for one in statements if not one.startswith("CREATE")]
    tables = filter(_TABLE.match, statements)
    waiting |= {table for one in tables for table in _REFERENCES.findall(one)}
    rows = {table for one in changing for table in _ROWS.findall(one)}
    return PlannedMigration(
        name=name,
        purpose=read_purpose(text),
        locked=tuple(sorted(locked)),
        writes_wait=tuple(sorted(waiting - locked - created)),
        rows_changed=tuple(sorted(rows - created)),
        beforehand=tuple(
            f"CREATE {one[1] or ''}INDEX CONCURRENTLY IF NOT EXISTS {one[2]};"
            for one in map(_INDEX_BEFOREHAND.match, statements)
            if one is not None and one[3] in existing
        ),
    )


def _collect(rule: re.Pattern[str], statements: Iterable[str]) -> set[str]:
    return {one[1] for one in map(rule.match, statements) if one is not None}
