"""Owns the statements of operations, one function each, on a connection of their own: nothing is open beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.errors import UndefinedTable

from jobmeter.base.faults import CommandFailed
from jobmeter.database.connection import CONNECT_SECONDS
from jobmeter.database.outages import read_first_line
from jobmeter.database.statements import load_statements
from jobmeter.operations.distribution import ForeignKey, Place, Placements
from jobmeter.operations.model import DatabaseFacts

SQL = load_statements("jobmeter.operations")


def read_server_time(url: str, *, seconds_later: int = 0) -> datetime:
    """The database server's clock, by which restoring to a moment goes. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        row = connection.execute(SQL["read_server_time"], {"seconds_later": seconds_later}).fetchone()
    assert row is not None, "a clock shows a time"
    moment: datetime = row[0]
    return moment.astimezone(UTC)


def drop_slot(url: str, *, name: str) -> bool:
    """The database no longer keeps its log for the slot. Returns whether there was one. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        return connection.execute(SQL["drop_slot"], {"name": name}).fetchone() is not None


def read_facts(url: str) -> DatabaseFacts:
    """Raises ``CommandFailed``."""
    with _connected(url) as connection:
        row = connection.execute(SQL["read_facts"]).fetchone()
        assert row is not None, "a row without a table"
        server_time, lost_by, keeps_tenants_apart = row
        return DatabaseFacts(
            server_time=server_time,
            lost_by=tuple(lost_by or ()),
            last_migration=read_last_migration(connection),
            keeps_tenants_apart=keeps_tenants_apart,
        )


def list_applied_migrations(url: str) -> list[str]:
    """In order; none of a database without a schema. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        try:
            return [str(name) for (name,) in connection.execute(SQL["list_applied_migrations"])]
        except UndefinedTable:
            return []


def read_last_migration(connection: psycopg.Connection[Any]) -> str:
    """Empty for a database without a schema."""
    try:
        row = connection.execute(SQL["read_last_migration"]).fetchone()
    except UndefinedTable:
        return ""
    return "" if row is None or row[0] is None else str(row[0])


def read_distribution(url: str) -> Placements:
    """Where the tables of a database are. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        row = connection.execute(SQL["read_distribution"]).fetchone()
        assert row is not None, "a row without a table"
        has_citus, is_set_up, nodes, has_unplaced_functions = row
        tables = list_placements(connection)
        return Placements(
            tables={name: place for name, place, _ in tables},
            with_policies=frozenset(name for name, _, has_policies in tables if has_policies),
            foreign_keys=tuple(list_foreign_keys(connection)),
            has_citus=has_citus,
            is_set_up=is_set_up,
            nodes=tuple(nodes),
            has_unplaced_functions=has_unplaced_functions,
        )


def list_placements(connection: psycopg.Connection[Any]) -> list[tuple[str, Place, bool]]:
    """Each table with where it is and whether policies guard it."""
    found = connection.execute(SQL["list_placements"])
    return [(name, Place[place], has_policies) for name, place, has_policies in found]


def list_foreign_keys(connection: psycopg.Connection[Any]) -> list[ForeignKey]:
    found = connection.execute(SQL["list_foreign_keys"])
    return [ForeignKey(key_name=key_name, guarded=guarded, named=named) for key_name, guarded, named in found]


def set_up_distribution(url: str) -> None:
    """Sets what sessions of a distributed database need; only those that begin later are. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["set_up_distribution"])


def drop_foreign_key(url: str, *, table: str, key_name: str) -> None:
    """Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["drop_foreign_key"], {"table": table, "key_name": key_name})


def drop_policies(url: str, *, table: str) -> None:
    """Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["drop_policies"], {"table": table})


def place_calculations(url: str) -> None:
    """Makes the functions that indexes may compute their values by known to the nodes, which receive no table before. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["place_calculations"])


def place_functions(url: str) -> None:
    """Makes the functions that nodes compute themselves known to them. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["place_functions"])


def place_everywhere(url: str, *, table: str) -> None:
    """Copies a table to every node. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["place_everywhere"], {"table": table})


def place_by_shard(url: str, *, table: str, leader: str, pieces: int) -> None:
    """Divides a table beside the pieces of ``leader``, or the leader itself into ``pieces``. Raises ``CommandFailed``."""
    with _connected(url) as connection:
        connection.execute(SQL["place_by_shard"], {"table": table, "leader": leader, "pieces": pieces})


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            yield connection
    except psycopg.Error as error:
        raise CommandFailed(read_first_line(error)) from error
