"""The pool lends no connection that the server has ended: after a restart no request fails because of it."""

import asyncio

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jobmeter.database.pool import Database, Tenant
from jobmeter.database.postmaster.process import stop_postmaster
from tests.support.databases.stopped import start_copy

CONNECTIONS = 5
TENANT = Tenant(application_id=1, partner_id=1)


@pytest.fixture
async def filled(database_url):
    """A database whose pool has all of its connections, and none in use."""
    async with Database.opened(database_url, connections_max=CONNECTIONS) as database:
        await fill(database)
        yield database


async def fill(database):
    barrier = asyncio.Barrier(CONNECTIONS)
    await asyncio.gather(*(hold(database, barrier) for _ in range(CONNECTIONS)))
    async with database.keyed_connection(), database.of_tenant(TENANT).connection():
        pass
    assert database.count_connections().opened > CONNECTIONS


async def hold(database, barrier):
    async with database.connection() as connection:
        await connection.execute("SELECT 1")
        await barrier.wait()


def end_connections(cluster_url, database_url):
    """Returns once each has ended."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        have_ended, count = connection.execute(
            "SELECT bool_and(pg_terminate_backend(pid, 5000)), count(*) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(database_url)["dbname"]],
        ).fetchone()
    assert have_ended
    assert count > CONNECTIONS


async def ask(opened):
    async with opened as connection:
        found = await (await connection.execute("SELECT 7")).fetchone()
    return found[0]


async def test_connections_that_have_ended_are_not_used(filled, cluster_url, database_url):
    for _ in range(2):
        end_connections(cluster_url, database_url)
        kinds = (
            filled.connection,
            filled.transaction,
            filled.pipeline,
            filled.snapshot,
            filled.keyed_connection,
            filled.of_tenant(TENANT).connection,
            filled.of_tenant(TENANT).pipeline,
        )
        assert [await ask(kind()) for kind in kinds] == [7] * len(kinds)
        await filled.check()
        await fill(filled)
    assert filled.connections_lent == 0


async def test_many_requests_at_once_get_other_connections(filled, cluster_url, database_url):
    end_connections(cluster_url, database_url)
    assert await asyncio.gather(*(ask(filled.transaction()) for _ in range(40))) == [7] * 40
    assert filled.count_connections().lent == 0


async def test_a_connection_that_the_server_has_sent_a_notice_is_used_on(filled):
    async with filled.connection() as connection:
        await connection.execute("DO $$ BEGIN RAISE NOTICE 'about something'; END $$")
    before = filled.count_connections().opened
    assert await asyncio.gather(*(ask(filled.connection()) for _ in range(20))) == [7] * 20
    assert filled.count_connections().opened == before


async def test_what_fails_in_a_connection_ends_it_for_that_caller_alone(filled):
    with pytest.raises(ZeroDivisionError):
        async with filled.transaction():
            raise ZeroDivisionError
    with pytest.raises(psycopg.errors.UndefinedTable):
        await fail_in_transaction(filled)
    assert await ask(filled.connection()) == 7
    assert filled.count_connections().lent == 0


async def fail_in_transaction(database):
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM nothing")


async def test_requests_wait_while_the_server_restarts(tmp_path):
    server = start_copy(tmp_path)
    try:
        async with Database.opened(server.url, connections_max=CONNECTIONS) as database:
            await fill(database)
            await asyncio.to_thread(stop_postmaster, server.folder)
            waiting = [asyncio.create_task(ask(database.transaction())) for _ in range(20)]
            await asyncio.to_thread(server.start_again)
            assert await asyncio.gather(*waiting) == [7] * 20
    finally:
        server.stop()
