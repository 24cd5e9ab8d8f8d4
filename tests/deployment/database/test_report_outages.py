"""A report that fails blames a source only if the database works: an outage, or a busy pool, is nobody's fault, and it may be asked for again."""

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.outages import is_outage
from jobmeter.database.pool import Database
from jobmeter.reports.sources.flow import ReportKind, name_failed_source
from tests.support.databases.outage import allow

KINDS = pytest.mark.parametrize("kind", list(ReportKind))


async def read_while_the_database_goes(database, kind, cluster_url):
    async with (
        name_failed_source(database, kind, shard=1, seconds_max=10),
        database.connection() as connection,
    ):
        allow(cluster_url, database.url, False)
        await connection.execute("SELECT 1")


@KINDS
async def test_an_outage_while_a_report_is_read_is_the_fault_of_no_source(cluster_url, database_url, kind):
    async with Database.opened(database_url, connections_max=2, wait_seconds=0.2) as database:
        with pytest.raises(psycopg.OperationalError) as raised:
            await read_while_the_database_goes(database, kind, cluster_url)
        allow(cluster_url, database_url, True)
    assert is_outage(raised.value)
    assert database.refuse(raised.value).fault is Fault.UNAVAILABLE


@KINDS
async def test_a_busy_pool_is_the_fault_of_no_source(database_url, kind):
    async with (
        Database.opened(database_url, connections_max=1, wait_seconds=30) as database,
        database.connection(),
    ):
        with pytest.raises(PoolTimeout) as raised:
            async with name_failed_source(database, kind, shard=1, seconds_max=10):
                raise TimeoutError
        assert database.refuse(raised.value).fault is Fault.OVERLOADED


@KINDS
async def test_a_report_that_takes_too_long_although_each_source_answers_has_a_fault_of_its_own(
    database_url, kind
):
    async with Database.opened(database_url, connections_max=1) as database:
        with pytest.raises(Refused) as raised:
            async with name_failed_source(database, kind, shard=1, seconds_max=10):
                raise TimeoutError
    assert raised.value.fault is kind.value.unknown
