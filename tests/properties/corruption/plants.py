"""Owns the changes that are planted, one at a time, in whatever tables and columns the catalogue has.

Does not own what they are planted in, or which of them may go unnoticed.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import psycopg

from jobmeter.database.connection import Connection
from jobmeter.integrity.unchecked.entry import ADDED, REMOVED

TABLES = """
SELECT relname FROM pg_class
 WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
 ORDER BY relname
"""
COLUMNS = """
SELECT attname, format_type(atttypid, NULL) AS type, attidentity <> '' AS is_identity
  FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
 ORDER BY attnum
"""
# Another value of the type, as little different as possible.
CHANGED = {
    "bigint": "{0} + 1",
    "integer": "{0} + 1",
    "smallint": "{0} + 1",
    "numeric": "{0} + 1",
    "boolean": "NOT {0}",
    "text": "{0} || 'x'",
    "uuid": "md5({0}::text)::uuid",
    "date": "{0} + 1",
    "timestamp with time zone": "{0} + interval '1 day'",
    "bytea": r"{0} || '\x00'",
    "jsonb": "{0} || '{{\"x\": 1}}'",
    "json": "({0}::jsonb || '{{\"x\": 1}}')::json",
    "text[]": "{0} || 'x'::text",
}
INSTEAD_OF_NULL = {
    "bigint": "1",
    "integer": "1",
    "smallint": "1",
    "text": "'x'",
    "uuid": "gen_random_uuid()",
    "date": "date '2026-03-02'",
    "timestamp with time zone": "timestamptz '2026-03-02 10:00Z'",
    "bytea": r"'\x00'",
    "boolean": "true",
    "jsonb": "'{}'",
    "text[]": "'{x}'",
}


@dataclass(frozen=True, slots=True)
class Plant:
    """One change of one row, which is found by its place in the table."""

    table: str
    column: str
    statement: str
    row: tuple[object, str]
    is_identity: bool = False

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    async def describe(self, connection: Connection) -> str:
        statement = f"SELECT {self.table}::text FROM {self.table} WHERE tableoid = %s AND ctid = %s::tid"
        found = await _rows(connection, statement, self.row)
        return str(found[0][0])[:200] if found else "a row that is gone"


async def _rows(connection: Connection, statement: str, values: Sequence[object] = ()) -> list[tuple]:
    return await (await connection.execute(statement, list(values) or None)).fetchall()


async def list_columns(connection: Connection) -> dict[str, set[str]]:
    """The columns of every table."""
    tables = [table for (table,) in await _rows(connection, TABLES)]
    return {table: {column for column, _, _ in await _rows(connection, COLUMNS, [table])} for table in tables}


async def list_plants(connection: Connection, *, rows_per_column: int, seed: int) -> list[Plant]:
    """For each column of each table that has rows: changes of some rows; and rows removed and added."""
    rng = Random(seed)
    plants = []
    for (table,) in await _rows(connection, TABLES):
        columns = await _rows(connection, COLUMNS, [table])
        places = await _rows(connection, f"SELECT tableoid, ctid::text FROM {table} ORDER BY {table}::text")
        if not places:
            continue
        for column, kind, is_identity in columns:
            for value, is_null in ((CHANGED[kind], "IS NOT NULL"), (INSTEAD_OF_NULL.get(kind), "IS NULL")):
                found = await _rows(
                    connection,
                    f"SELECT tableoid, ctid::text FROM {table} WHERE {column} {is_null} ORDER BY {table}::text",
                )
                for row in rng.sample(found, min(rows_per_column, len(found))):
                    statement = f"UPDATE {table} SET {column} = {value.format(column)}"
                    plants.append(Plant(table, column, statement, row, is_identity))
        for row in rng.sample(places, min(rows_per_column, len(places))):
            plants.append(Plant(table, REMOVED, f"DELETE FROM {table}", row))
            plants.append(Plant(table, ADDED, _copy_of(table, columns), row))
    return plants


def _copy_of(table: str, columns: Sequence[tuple[str, str, bool]]) -> str:
    """A row like another one, under another key."""
    names = [name for name, _, _ in columns]
    keys = {"text": "{0} || 'x'", "uuid": "md5({0}::text)::uuid", "date": "{0} + 1", "bigint": "{0} + 512"}
    values = [
        keys.get(kind, "{0}").format(name) if number < 3 else name
        for number, (name, kind, _) in enumerate(columns)
    ]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
        f" SELECT {', '.join(values)} FROM {table}"
    )


@asynccontextmanager
async def planted(connection: Connection, plant: Plant) -> AsyncIterator[bool]:
    """The change, until the block ends; yields whether the database let it be made. Guards are off."""
    async with connection.transaction(force_rollback=True):
        await connection.execute("SET LOCAL session_replication_role = replica")
        if plant.is_identity:
            await connection.execute(
                f"ALTER TABLE {plant.table} ALTER COLUMN {plant.column} SET GENERATED BY DEFAULT"
            )
        try:
            async with connection.transaction():
                cursor = await connection.execute(
                    f"{plant.statement} WHERE tableoid = %s AND ctid = %s::tid", plant.row
                )
                assert cursor.rowcount == 1, plant
        except psycopg.IntegrityError:
            yield False
        else:
            await connection.execute("SET LOCAL session_replication_role = origin")
            yield True


async def is_declared(connection: Connection, plant: Plant, condition: str) -> bool:
    """Whether the row of the plant is one of those that may go unnoticed."""
    ((found,),) = await _rows(
        connection,
        f"SELECT EXISTS (SELECT FROM {plant.table} WHERE tableoid = %s AND ctid = %s::tid AND ({condition}))",
        plant.row,
    )
    return bool(found)
