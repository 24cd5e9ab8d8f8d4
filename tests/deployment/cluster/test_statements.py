"""Every named statement runs on a database that is distributed over two nodes, if it runs on one server."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

import psycopg
import pytest

from bench.nodes import drop_databases, make_database
from jobmeter.database.arrays import COPY_HEADER, COPY_TRAILER, register_packed_arrays
from tests.support.databases.citus import CITUS_URL
from tests.tidy.sql.test_shards import all_statements, room_of, schema_of_the_project
from tests.tidy.sql.test_sql import named_files
from tests.tidy.sql.test_sql_prepared import Named, make_sample, read_statements, read_statements_of_shard
from tests.tidy.sql_shards import Reach, find_shards

pytestmark = pytest.mark.skipif(not CITUS_URL, reason="CITUS_URL names no cluster")

_PARAMETER = re.compile(r"%\((\w+)\)[sbt]")
_STAGED = re.compile(r"CREATE TEMPORARY TABLE (?:IF NOT EXISTS )?(\w+)")
_TASKS = re.compile(r"Task Count: (\d+)")
ONE_SHARD_STATEMENTS_MIN = 90
SMALL, LARGE = 1, 200
# Its purpose: a session that waits in the middle of a transaction is ended.
ENDS_ITS_SESSION = {"limit_idle_time"}


# Of rows of several shards at once. Where the database is distributed they are asked shard by shard.
OF_ONE_SHARD = {
    "charging/charge lock_counted_jobs",
    "charging/corrections lock_budgets",
    "charging/corrections record_late_restatements",
    "charging/pacing read_day_limits",
    "charging/windows read_live_windows",
    "metering/intake list_counted",
}
PLAIN = "jobmeter_plain"


@pytest.fixture(scope="module")
def plain_url() -> Iterator[str]:
    """A database of the same server that is not distributed."""
    drop_databases(CITUS_URL, [PLAIN])
    yield make_database(CITUS_URL, PLAIN)
    drop_databases(CITUS_URL, [PLAIN])


def run_statements(url: str, statements: Iterable[Named], staging: Iterable[Named]) -> dict[str, str]:
    """The error of each statement that fails, by its room and name. Nothing that it writes is kept. ``staging`` make temporary tables."""
    errors = {}
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        register_packed_arrays(connection)
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET statement_timeout = '10s'")
        for named in statements:
            if named.name in ENDS_ITS_SESSION:
                continue
            fault = find_error(connection, named, staging)
            if fault is not None:
                errors[f"{room_of(named.source.path)} {named.name}"] = fault
    return errors


def run_with_staging(
    connection: psycopg.Connection, named: Named, staging: Iterable[Named], number: int, *, is_missing: bool
) -> list[tuple]:
    """Runs a statement after those that make the temporary tables which it names. Returns its rows."""
    for one in staging:
        if one.is_staging and one.name != named.name and _STAGED.search(one.code)[1] in named.text:
            run(connection, one, number, is_missing=is_missing)
    return run(connection, named, number, is_missing=is_missing)


def find_error(connection: psycopg.Connection, named: Named, staging: Iterable[Named]) -> str | None:
    for number, is_missing in ((SMALL, True), (LARGE, False)):
        try:
            with connection.transaction(force_rollback=True):
                run_with_staging(connection, named, staging, number, is_missing=is_missing)
        except psycopg.Error as error:
            return f"{error.sqlstate} {error.diag.message_primary} {error.diag.message_detail or ''}"
    return None


def run(connection: psycopg.Connection, named: Named, number: int, *, is_missing: bool) -> list[tuple]:
    if named.code.upper().startswith("COPY "):
        with connection.cursor() as cursor, cursor.copy(named.text) as copy:
            copy.write(COPY_HEADER + COPY_TRAILER)
        return []
    values = {
        name: make_sample(named.types[name], number, is_missing=is_missing)
        for name in _PARAMETER.findall(named.text)
    }
    cursor = connection.execute(named.text, values or None)
    return cursor.fetchall() if cursor.description else []


def list_all() -> list[Named]:
    return [named for source in named_files() for named in read_statements(source)]


def test_every_statement_runs_on_nodes_as_on_one_server(plain_url: str, database_url: str) -> None:
    found = list_all()
    alone, distributed = (run_statements(url, found, found) for url in (plain_url, database_url))
    only = {name: error for name, error in distributed.items() if error[:5] != alone.get(name, "")[:5]}
    assert {name: error for name, error in only.items() if name not in OF_ONE_SHARD} == {}
    assert only.keys() == OF_ONE_SHARD


def test_every_statement_for_rows_of_one_shard_runs_on_nodes(database_url: str) -> None:
    """As a batch is sent that is divided by shard."""
    found = [named for source in named_files() for named in read_statements_of_shard(source)]
    assert len(found) > len(OF_ONE_SHARD)
    assert run_statements(database_url, found, list_all()) == {}


def test_a_statement_of_one_shard_is_one_task_on_one_node(database_url: str) -> None:
    """What is read before, such as rows to be inserted, is a task of its own."""
    schema, staging = schema_of_the_project(), list_all()
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as connection:
        register_packed_arrays(connection)
        counted = {
            f"{room_of(named.source.path)} {named.name}": _TASKS.findall(explain(connection, named, staging))
            for named in all_statements()
            if find_shards(named.text, schema).reach is Reach.ONE
        }
    assert {name: tasks for name, tasks in counted.items() if set(tasks) - {"1"}} == {}
    assert sum(map(bool, counted.values())) > ONE_SHARD_STATEMENTS_MIN


def explain(connection: psycopg.Connection, named: Named, staging: Iterable[Named]) -> str:
    """The plan for values that are sent apart, or in the text, where Citus explains only such a statement."""
    asked = named._replace(text=f"EXPLAIN {named.text}")
    for factory in (psycopg.Cursor, psycopg.ClientCursor):
        connection.cursor_factory = factory
        with suppress(psycopg.errors.FeatureNotSupported), connection.transaction(force_rollback=True):
            return str(run_with_staging(connection, asked, staging, LARGE, is_missing=False))
    raise AssertionError(f"{named.name} is not explained")
