"""Owns a connection: how it finds its server and notices its end, how one is lent that has not ended, how its session is prepared, for
whom it sees rows, its cursor where traces are on, and what is said where the database cannot be used.

Does not own the pools (``pool``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from select import POLLIN, poll
from typing import Any, Self, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncCopy, AsyncCursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import PipelineStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from jobmeter.base.faults import CommandFailed
from jobmeter.database.arrays import Column, register_packed_arrays
from jobmeter.database.statements import name_statement
from jobmeter.telemetry.traces.flow import are_on, statement_span

Connection = AsyncConnection[TupleRow]
Row = TypeVar("Row")
AnyConnection = TypeVar("AnyConnection", bound="PooledConnection")

ANY_SHARD = 0
CONNECT_SECONDS = 10
# A server whose machine or network is gone says nothing: it is taken for gone after a minute, not after hours.
ALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

# A statement is planned once, for any values, and what it joins is looked up by key, row by row: whatever the tables held when
# it was planned, it never reads one of them as a whole, and it locks rows in the order of its keys. A server with Citus, which sends a
# statement to the node of its values, cannot plan it for any.
PREFER_INDEX_PLANS = """
SELECT set_config('plan_cache_mode', CASE WHEN current_setting('citus.shard_count', true) IS NULL
                                          THEN 'force_generic_plan' ELSE 'auto' END, %(is_local)s),
       set_config('enable_hashjoin', 'off', %(is_local)s),
       set_config('enable_mergejoin', 'off', %(is_local)s),
       set_config('enable_seqscan', 'off', %(is_local)s),
       set_config('enable_bitmapscan', 'off', %(is_local)s)
"""
NAME_TENANT = """
SELECT set_config('jobmeter.application', %(application_id)s::bigint::text, %(is_local)s),
       set_config('jobmeter.partner', %(partner_id)s::bigint::text, %(is_local)s)
"""


class DatabaseUnusable(CommandFailed):
    """One clear line about why the database cannot be used."""


class TracedCursor(AsyncCursor[Row]):
    """Opens a span for each statement that is sent, by its name in its file."""

    async def execute(self, query: Any, *arguments: Any, **options: Any) -> Self:
        with statement_span(name_statement(query)):
            return await super().execute(query, *arguments, **options)

    @asynccontextmanager
    async def copy(self, statement: Any, *arguments: Any, **options: Any) -> AsyncIterator[AsyncCopy]:
        with statement_span(name_statement(statement)):
            async with super().copy(statement, *arguments, **options) as copy:
                yield copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Who asks: an application and that of its partner, which are the same for a partner's own calls."""

    application_id: int
    partner_id: int


class PooledConnection(AsyncConnection[TupleRow]):
    """A connection of a pool. Its statements name the shard of their rows if its database ``is_distributed`` by shard."""

    is_distributed = False


class TenantConnection(PooledConnection):
    """A connection that sees what belongs to one tenant, the last that it was lent for."""

    tenant: Tenant | None = None


def find_named_shard(connection: Connection, shards: Column) -> int | None:
    """The shard that a statement names, for all of its rows, if its database is distributed; ``None`` if not, or if they have several.

    Without rows any shard is right: a node refuses the text for rows of several, also if there are none.

    One server looks each row up by its whole key. Given the shard as a value, a plan that was made while tables were small
    may read all jobs of the shard for each row.
    """
    if not (isinstance(connection, PooledConnection) and connection.is_distributed):
        return None
    if not len(shards):
        return ANY_SHARD
    return int(shards[0]) if (shards == shards[0]).all() else None


def complete_url(url: str) -> dict[str, str]:
    """What the URL leaves open of how a server is found to be gone."""
    options = conninfo_to_dict(url)
    defaults = {"connect_timeout": str(CONNECT_SECONDS), **ALIVE}
    return {name: value for name, value in defaults.items() if name not in options}


def is_ended(connection: Connection) -> bool:
    """Whether the server has ended an idle connection: then its end has been received. Asks nothing, and takes microseconds."""
    if connection.closed:
        return True
    for _ in range(2):  # first what the server said, then the end itself
        received = poll()
        received.register(connection.pgconn.socket, POLLIN)
        if not received.poll(0):
            return False
        try:
            connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return True
    return False


@asynccontextmanager
async def lend_connection(
    pool: AsyncConnectionPool[AnyConnection], *, seconds_max: float | None = None
) -> AsyncIterator[AnyConnection]:
    """Lends a connection of the pool that the server has not ended meanwhile, for example because it was restarted.

    The pool itself would lend such a one, and the request would fail; or it would ask the server before each use. Waits for at
    most ``seconds_max`` for one to become free, as long as the pool does by default.
    """
    connection = await pool.getconn(seconds_max)
    for _ in range(pool.max_size):
        if not is_ended(connection):
            break
        await pool.putconn(connection)  # which drops it
        connection = await pool.getconn(seconds_max)
    try:
        async with connection:
            yield connection
    finally:
        await pool.putconn(connection)


def is_pipeline(connection: Connection) -> bool:
    """Whether the connection came from ``Database.pipeline``."""
    return connection.pgconn.pipeline_status != PipelineStatus.OFF


async def prefer_index_plans(connection: Connection, *, is_local: bool = True) -> None:
    """Plans by ``PREFER_INDEX_PLANS`` until the transaction ends; if not ``is_local``, until the connection is closed."""
    await connection.execute(PREFER_INDEX_PLANS, {"is_local": is_local})


async def prepare_connection(connection: AsyncConnection[TupleRow], *, prepares: bool) -> None:
    # Statements are few and constant, so planning each only once per connection pays from the second use on.
    connection.prepare_threshold = 1 if prepares else None
    if are_on():
        connection.cursor_factory = TracedCursor
    await connection.set_autocommit(True)
    register_packed_arrays(connection)
    # The only setting that outlives a transaction behind a pooler too: it is one that the server reports to its client.
    await connection.execute("SET TIME ZONE 'UTC'")


async def prepare_keyed_connection(connection: AsyncConnection[TupleRow], *, prepares: bool) -> None:
    await prepare_connection(connection, prepares=prepares)
    await prefer_index_plans(connection, is_local=False)


async def prepare_tenant_connection(connection: TenantConnection, *, prepares: bool) -> None:
    await prepare_connection(connection, prepares=prepares)
    await connection.execute("SET ROLE jobmeter_tenant")


async def name_tenant(connection: TenantConnection, tenant: Tenant) -> None:
    """An exchange with the server, unless the connection was lent for the same tenant before."""
    if connection.tenant == tenant:
        return
    connection.tenant = None  # whatever becomes of the statement
    await connection.execute(NAME_TENANT, asdict(tenant) | {"is_local": False})
    connection.tenant = tenant


async def confine_transaction(connection: Connection, tenant: Tenant) -> None:
    """Shows what belongs to the tenant until the transaction ends: behind a pooler the next one has another session."""
    await connection.execute(NAME_TENANT, asdict(tenant) | {"is_local": True})
    await connection.execute("SET LOCAL ROLE jobmeter_tenant")
