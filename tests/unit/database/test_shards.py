"""SQL and Python compute the same shard from a job id, the SQL function is inlined into plans, and a database knows whether it is distributed."""

import numpy as np
import psycopg
import pytest

from jobmeter.base.ids import SHARD_COUNT, make_job_id, shard_of
from jobmeter.database.columns import shards_of
from jobmeter.database.connection import ANY_SHARD, find_named_shard
from jobmeter.database.pool import Database, JoinedDatabase, Tenant
from tests.support.databases.distributed import DistributedDatabase

JOB_IDS = [0, 1, 255, 256, 257, 4_249_600_077, make_job_id(16_600_000, 200), (1 << 63) - 1]


@pytest.fixture
def connection(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def test_a_job_has_the_same_shard_in_sql_and_in_python(connection):
    rows = connection.execute("SELECT shard_of(job_id) FROM unnest(%s::bigint[]) AS job_id", [JOB_IDS])
    in_sql = [shard for (shard,) in rows]
    assert in_sql == [shard_of(job_id) for job_id in JOB_IDS]
    assert in_sql == shards_of(np.array(JOB_IDS)).tolist()


@pytest.mark.parametrize(("sequence", "shard"), [(0, 0), (16_600_000, 255), (1 << 40, 7)])
def test_sql_and_python_make_the_same_job_id(connection, sequence, shard):
    (found,) = connection.execute("SELECT make_job_id(%s, %s)", [sequence, shard]).fetchone()
    assert found == make_job_id(sequence, shard)


def test_every_shard_is_listed_once(connection):
    rows = connection.execute("SELECT every_shard()").fetchall()
    assert [shard for (shard,) in rows] == list(range(SHARD_COUNT))


def test_the_planner_inlines_the_shard_function(connection):
    """A function that is not inlined could not be part of an index condition."""
    connection.execute("SET enable_seqscan = off")
    rows = connection.execute(
        "EXPLAIN SELECT revision FROM unnest('{256}'::bigint[]) AS asked (asked_job)"
        " JOIN job_budgets ON shard = shard_of(asked_job) AND job_id = asked_job"
    )
    plan = "\n".join(line for (line,) in rows)
    assert "Index Cond: ((shard = ((asked.asked_job % '256'::bigint))::smallint) AND " in plan
    assert "shard_of" not in plan


async def read_whether_distributed(url):
    """What each form of the database says."""
    async with Database.opened(url, connections_max=2) as whole, whole.transaction() as connection:
        replica = await whole.open_replica(url, connections_max=1, wait_seconds=1, prepares=True)
        await replica.close()
        tenant = whole.of_tenant(Tenant(application_id=1, partner_id=1))
        forms = (whole, replica, tenant, tenant.of_partner(), JoinedDatabase(tenant, connection))
        return [form.is_distributed for form in forms]


async def test_one_server_is_not_distributed(database_url):
    assert await read_whether_distributed(database_url) == [False] * 5


@pytest.mark.parametrize(
    ("table", "method", "is_distributed"),
    [
        ("job_budgets", "h", True),
        ("job_budgets", "n", False),
        ("applications", "h", False),
    ],
)
async def test_a_database_is_distributed_if_the_budgets_of_jobs_are(
    database_url, connection, table, method, is_distributed
):
    """The catalogue of Citus has a row for each table that it manages; here a table of that name is in its place."""
    connection.execute(
        'CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char", repmodel "char")'
    )
    connection.execute("INSERT INTO pg_dist_partition VALUES (%s, %s, 's')", [table, method])
    assert await read_whether_distributed(database_url) == [is_distributed] * 5


@pytest.mark.parametrize(
    ("kind", "shards", "named"),
    [
        (Database, [7, 7], None),
        (DistributedDatabase, [7, 7], 7),
        (DistributedDatabase, [7, 8], None),
        (DistributedDatabase, [], ANY_SHARD),
        (Database, [], None),
    ],
)
async def test_statements_name_the_shard_of_their_rows_where_the_database_is_distributed(
    database_url, kind, shards, named
):
    tenant = Tenant(application_id=1, partner_id=1)
    async with kind.opened(database_url, connections_max=2) as opened:
        forms = (
            opened.connection(),
            opened.keyed_connection(),
            opened.pipeline(),
            opened.tenant_connection(tenant),
        )
        for form in forms:
            async with form as lent:
                assert find_named_shard(lent, np.array(shards, dtype=np.int64)) == named
        async with opened.transaction() as lent, JoinedDatabase(opened, lent).transaction() as joined:
            assert find_named_shard(joined, np.array(shards, dtype=np.int64)) == named
