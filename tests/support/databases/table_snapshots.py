"""Owns reading every table of a test's database, so that a test can assert that nothing was written.

Does not own any expectation about their content.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.support.server_process import OPENED

# These change with time, independently of requests.
CLOCKWORK = {
    "access_tokens",  # deleted when they expire
    "refused_events",  # the last refused events are stored by design
    "job_notes",
    "job_standings",
    "delivery_changes",
    "delivery_numbers",
    "contract_spends",
    "contract_spend_cursor",
    "settled_days",
    "settlement_runs",
    "event_days",
    "sandbox_clock",
    "ledger_horizon",
    "ledger_seal_rounds",
    "ledger_seals",
    "call_counters",
    "job_month_keeping",
    "logged_requests",  # written after the response
}
READERS: dict[str, psycopg.Connection] = {}


def list_filled_tables(connection: psycopg.Connection) -> list[str]:
    """Returns the tables that have ever had a row, of those that requests write to: most are empty in a test."""
    return [
        name
        for (name,) in connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND pg_relation_size(oid) > 0 ORDER BY relname"
        )
        if name not in CLOCKWORK
    ]


def open_reader(database_url: str) -> psycopg.Connection:
    """The connection of the last database that was read: a new one would learn every table again each time."""
    if database_url not in READERS:
        for reader in READERS.values():
            reader.close()
        READERS.clear()
        READERS[database_url] = psycopg.connect(database_url, autocommit=True)
        OPENED.callback(READERS[database_url].close)
    return READERS[database_url]


def read_tables(database_url: str) -> dict[str, tuple[int, str]]:
    """Returns the number of rows of each table that has some and a digest that any change to them changes."""
    with psycopg.connect(database_url) as connection:
        return _read_all(connection)


def _read_all(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    found = {name: _read_table(connection, name) for name in list_filled_tables(connection)}
    return {name: (rows, digest) for name, (rows, digest) in found.items() if rows}


def _read_table(connection: psycopg.Connection, name: str) -> tuple[int, str]:
    statement = sql.SQL(
        "SELECT count(*), coalesce(md5(string_agg(line, ' ' ORDER BY line)), '') "
        "FROM (SELECT kept::text AS line FROM {} AS kept) AS lines"
    ).format(sql.Identifier(name))
    row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0]), str(row[1])


@contextmanager
def nothing_written(database_url: str) -> Iterator[None]:
    """Fails if the block changed a row of any table that requests write to."""
    reader = open_reader(database_url)
    before = _read_all(reader)
    yield
    after = _read_all(reader)
    names = before.keys() | after.keys()
    changed = {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }
    assert not changed, changed
