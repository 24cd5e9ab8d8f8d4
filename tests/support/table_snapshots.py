"""Owns reading every table of a test's database, so that a test can assert that nothing was written.

Does not own any expectation about their content.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

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
}


def read_tables(database_url: str) -> dict[str, tuple[int, str]]:
    """Returns each table's number of rows and a digest that any change to them changes."""
    with psycopg.connect(database_url) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
                "WHERE relkind = 'r' AND nspname = 'public' ORDER BY relname"
            )
            if name not in CLOCKWORK
        ]
        return {name: _read_table(connection, name) for name in names}


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
    before = read_tables(database_url)
    yield
    after = read_tables(database_url)
    changed = {
        name: (before.get(name), after[name]) for name in after if before.get(name, (0, "")) != after[name]
    }
    assert not changed, changed
