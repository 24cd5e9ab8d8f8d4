"""Owns the pool of connections and the transaction that one request or chore runs in.

Does not own statements (each slice's ``store.py``) or when to commit (the edge that opened it).
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import (
    CONNECT_SECONDS,
    AnyConnection,
    Connection,
    DatabaseUnusable,
    PooledConnection,
    Tenant,
    TenantConnection,
    complete_url,
    confine_transaction,
    lend_connection,
    name_tenant,
    prefer_index_plans,
    prepare_connection,
    prepare_keyed_connection,
    prepare_tenant_connection,
)
from jobmeter.database.migrations_runner import prepare_tenant_role, read_is_distributed, upgrade_schema
from jobmeter.database.outages import Outage, describe_outage, is_outage, read_first_line
from jobmeter.database.throttled_log import ThrottledLog

URL_FORM = "its URL must have the form postgresql://user:password@host:port/name; in a password write %40 for @, %2F for /"
WAIT_SECONDS_MAX = 10  # for a connection of the pool: shorter than the time-out of a caller
CHECK_SECONDS_MAX = 3
# The pool waits twice as long after each try: left to itself it would come back as late again as the server was away.
RECONNECT_SECONDS = 5
KEYED_CONNECTIONS_MAX = 2
log = logging.getLogger("jobmeter.database")

pool_log = logging.getLogger("psycopg.pool")
pool_log.addFilter(ThrottledLog(pool_log).filter)


@dataclass(frozen=True, slots=True)
class PoolState:
    """How many connections are open, how many of them are in use, and how many callers wait for one."""

    opened: int
    lent: int
    awaited: int


class Database:
    """An open pool. ``async with database.transaction() as connection`` commits at the end or rolls back.

    ``is_pooled`` says that ``url`` is a pooler's, which lends a connection for one transaction.
    """

    def __init__(
        self,
        url: str,
        *,
        connections_max: int,
        wait_seconds: float,
        is_pooled: bool = False,
        prepares: bool = True,
    ) -> None:
        self.url = url
        self.outage = Outage()
        self._connections_max = connections_max
        self._lent = 0
        self._is_pooled = is_pooled
        self._has_tenant_role = False
        self._is_distributed = False
        self._make_pools(connections_max, wait_seconds, prepares=prepares)

    def _make_pools(self, connections_max: int, wait_seconds: float, *, prepares: bool) -> None:
        """One for each way in which connections are prepared; those of the last two are opened when they are used."""
        prepare = partial(prepare_connection, prepares=prepares)
        prepare_keyed = prepare if self._is_pooled else partial(prepare_keyed_connection, prepares=prepares)
        prepare_tenant = partial(prepare_tenant_connection, prepares=prepares)
        plain = PooledConnection
        self._pool = self._make_pool(plain, prepare, connections_max, wait_seconds, connections_min=1)
        self._keyed_pool = self._make_pool(plain, prepare_keyed, KEYED_CONNECTIONS_MAX, wait_seconds)
        self._tenant_pool = self._make_pool(TenantConnection, prepare_tenant, connections_max, wait_seconds)

    def _make_pool(
        self,
        kind: type[AnyConnection],
        prepare: Callable[[AnyConnection], Awaitable[None]],
        connections_max: int,
        wait_seconds: float,
        *,
        connections_min: int = 0,
    ) -> AsyncConnectionPool[AnyConnection]:
        return AsyncConnectionPool(
            self.url,
            connection_class=kind,
            min_size=connections_min,
            max_size=connections_max,
            open=False,
            configure=prepare,
            timeout=wait_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
            kwargs=complete_url(self.url),
            name="jobmeter",
        )

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        connections_max: int = 10,
        wait_seconds: float = WAIT_SECONDS_MAX,
        direct_url: str = "",
        prepares: bool = True,
    ) -> Self:
        """Upgrades the schema, then opens the pool. Raises ``DatabaseUnusable`` with one clear line.

        ``direct_url`` says that ``url`` is a pooler's, and how to get past it.
        """
        await upgrade_database(direct_url or url)
        database = cls(
            url,
            connections_max=connections_max,
            wait_seconds=wait_seconds,
            is_pooled=bool(direct_url),
            prepares=prepares,
        )
        try:
            await database._open_pools()
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        url: str,
        *,
        connections_max: int,
        wait_seconds: float = WAIT_SECONDS_MAX,
        direct_url: str = "",
        prepares: bool = True,
    ) -> AsyncIterator[Self]:
        """As ``open``, and closes the pool at the end of the block."""
        database = await cls.open(
            url,
            connections_max=connections_max,
            wait_seconds=wait_seconds,
            direct_url=direct_url,
            prepares=prepares,
        )
        try:
            yield database
        finally:
            await database.close()

    async def _open_pools(self) -> None:
        await self._pool.open(wait=True)
        async with lend_connection(self._pool) as connection:
            self._is_distributed = await read_is_distributed(connection)
            missing = "" if self._is_distributed else await prepare_tenant_role(connection)
        if missing:
            log.warning(
                "Tenants are not kept apart by the database; as an administrator of its server: %s", missing
            )
        # Policies look rows up in other tables, which a distributed one does not allow: it has none.
        self._has_tenant_role = not missing and not self._is_distributed
        for pool in (self._keyed_pool, self._tenant_pool):
            await pool.open()

    async def open_replica(
        self, url: str, *, connections_max: int, wait_seconds: float, prepares: bool
    ) -> "Database":
        """Opens the pool of a replica, which is only read, and need not answer yet. It has the roles of this database."""
        replica = Database(
            url,
            connections_max=connections_max,
            wait_seconds=wait_seconds,
            is_pooled=self._is_pooled,
            prepares=prepares,
        )
        replica._has_tenant_role = self._has_tenant_role
        replica._is_distributed = self._is_distributed
        for pool in (replica._pool, replica._keyed_pool, replica._tenant_pool):
            await pool.open()
        return replica

    async def close(self) -> None:
        for pool in (self._tenant_pool, self._keyed_pool, self._pool):
            await pool.close()

    async def check(self) -> None:
        """Connects to the server once. Raises ``psycopg.Error`` if that fails."""
        async with lend_connection(self._pool, seconds_max=CHECK_SECONDS_MAX) as connection:
            await connection.execute("SELECT 1")

    def refuse(self, error: BaseException) -> Refused:
        """Returns the refusal of a request that ``error`` stopped: whether the database is away, or only busy.

        If no connection became free in time although all are in use, the database works.
        """
        is_busy = isinstance(error, PoolTimeout) and self._lent >= self._connections_max
        if is_busy or not is_outage(error):
            return Refused(Fault.OVERLOADED)
        return Refused(Fault.UNAVAILABLE, why=describe_outage(error))

    @property
    def is_distributed(self) -> bool:
        """Whether the tables of the money path are distributed by shard over several servers, as they were when the pool was opened.

        A transaction is then one of one shard as far as it can be.
        """
        return self._is_distributed

    @property
    def connections_lent(self) -> int:
        """How many connections of this process are in use."""
        return self._lent

    def count_connections(self) -> PoolState:
        """The connections of this process at this moment, those for keyed plans and for tenants included."""
        found = [pool.get_stats() for pool in (self._pool, self._keyed_pool, self._tenant_pool)]
        total, free, waiting = (
            sum(one.get(name, 0) for one in found)
            for name in ("pool_size", "pool_available", "requests_waiting")
        )
        return PoolState(opened=total, lent=total - free, awaited=waiting)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode, for single statements."""
        async with lend_connection(self._pool) as connection:
            connection.is_distributed = self.is_distributed
            self._lent += 1
            try:
                yield connection
            finally:
                self._lent -= 1

    @asynccontextmanager
    async def keyed_connection(self) -> AsyncIterator[Connection]:
        """One of a few connections for a single statement, whose plan is that of ``prefer_index_plans``."""
        async with lend_connection(self._keyed_pool) as connection:
            connection.is_distributed = self.is_distributed
            if not self._is_pooled:
                yield connection
                return
            async with connection.pipeline(), connection.transaction():
                await prefer_index_plans(connection)
                yield connection

    def of_tenant(self, tenant: Tenant) -> "Database":
        """The database as the tenant sees it: rows of others are invisible, whatever a statement asks.

        It is the whole database where its server has no role for tenants.
        """
        if not self._has_tenant_role:
            return self
        return PooledTenantDatabase(self, tenant) if self._is_pooled else TenantDatabase(self, tenant)

    def of_partner(self) -> "Database":
        """The database as the tenant's partner sees it, for what a customer is shown of what its partner has."""
        return self

    @asynccontextmanager
    async def tenant_connection(self, tenant: Tenant) -> AsyncIterator[Connection]:
        """A connection in autocommit mode that sees what belongs to the tenant."""
        async with lend_connection(self._tenant_pool) as connection:
            connection.is_distributed = self.is_distributed
            self._lent += 1
            try:
                await name_tenant(connection, tenant)
                yield connection
            finally:
                self._lent -= 1

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A transaction that reads one moment from its first statement to its end, and writes nothing."""
        async with self.transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Connection]:
        """A transaction whose statements do not wait for each other: they go out when a result is fetched, or at the end.

        A statement that the server refuses takes all of it along, savepoints or not; COPY is not possible.
        """
        async with self.connection() as connection, connection.pipeline(), connection.transaction():
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self.connection() as connection, connection.transaction():
            yield connection


class TenantDatabase(Database):
    """A database as one tenant sees it. It has the pools of the whole one."""

    def __init__(self, whole: Database, tenant: Tenant) -> None:
        self.url = whole.url
        self.outage = whole.outage
        self._whole = whole
        self._tenant = tenant
        self._is_distributed = whole.is_distributed

    def of_partner(self) -> Database:
        partner_id = self._tenant.partner_id
        return type(self)(self._whole, Tenant(application_id=partner_id, partner_id=partner_id))

    def refuse(self, error: BaseException) -> Refused:
        return self._whole.refuse(error)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._whole.tenant_connection(self._tenant) as connection:
            yield connection


class PooledTenantDatabase(TenantDatabase):
    """The same behind a pooler: a connection is lent with a transaction, and with it the role and the tenant end."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._whole.transaction() as connection:
            await confine_transaction(connection, self._tenant)
            yield connection

    transaction = connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        async with self._whole.snapshot() as connection:
            await confine_transaction(connection, self._tenant)
            yield connection

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[Connection]:
        async with self._whole.pipeline() as connection:
            await confine_transaction(connection, self._tenant)
            yield connection


class JoinedDatabase(Database):
    """A database whose transactions are savepoints of one open transaction: they commit together, or none of them does."""

    def __init__(self, outer: Database, connection: Connection) -> None:
        self.url = outer.url
        self.outage = outer.outage
        self._connection = connection
        self._is_distributed = outer.is_distributed

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """The open transaction itself: single statements commit with it."""
        yield self._connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A savepoint, with the isolation of the open transaction: the page of a form that was refused shows what is committed now."""
        async with self.transaction() as connection:
            yield connection


async def upgrade_database(url: str) -> list[str]:
    """Connects, creates or upgrades the schema, disconnects; returns the migrations applied."""
    try:
        connection = await AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        reason = read_first_line(error, otherwise="no reason given")
        if isinstance(error, psycopg.ProgrammingError) or "for connection option" in reason:
            # The library quotes the part that it cannot parse, which may be the password.
            raise DatabaseUnusable(f"Cannot use the database: {URL_FORM}") from None
        raise DatabaseUnusable(f"Cannot use the database: {reason}") from error
    async with connection:
        try:
            return await upgrade_schema(connection)
        except psycopg.Error as error:
            reason = read_first_line(error, otherwise="no reason given")
            raise DatabaseUnusable(f"Cannot upgrade the schema: {reason}") from error
