"""The schema is created, upgraded once by the first process, and served if a newer release has only added to it."""

import asyncio
from contextlib import suppress

import pglast
import psycopg
import pytest

from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.migrations_runner import (
    ADVISORY_LOCK,
    apply_migration,
    check_version,
    list_migrations,
    split_statements,
    upgrade_schema,
)
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.database.statements import load_statements
from tests.upgrades.schema import describe_schema

NAMES = [name for name, _ in list_migrations()]


def applied(url):
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name FROM schema_migrations ORDER BY name").fetchall()
    return [name for (name,) in rows]


def test_migrations_are_numbered_without_a_gap_and_state_when_they_apply():
    assert [int(name[:4]) for name in NAMES] == list(range(1, len(NAMES) + 1))
    assert {name.split("_")[1] for name in NAMES} <= {"before", "after"}


def test_a_migration_is_divided_into_its_statements():
    for name, text in list_migrations():
        parts = split_statements(text)
        assert "".join(parts) == text
        assert {len(pglast.parse_sql(part)) for part in parts} == {1}, name
    text = "SELECT 1; -- one;\nSELECT $$\n2;\n$$;\n-- of no statement;\nSELECT 3"
    assert split_statements(text) == [
        "SELECT 1; -- one;\n",
        "SELECT $$\n2;\n$$;\n",
        "-- of no statement;\nSELECT 3",
    ]


async def test_statements_one_by_one_make_the_schema_that_they_make_together(
    database_url, empty_database_url
):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE schema_migrations (name text PRIMARY KEY)")
        for name, text in list_migrations():
            await apply_migration(connection, name, text, is_distributed=True)
    with psycopg.connect(empty_database_url) as one_by_one, psycopg.connect(database_url) as together:
        assert describe_schema(one_by_one) == describe_schema(together)


async def test_an_empty_database_gets_the_whole_schema_once(empty_database_url):
    assert await upgrade_database(empty_database_url) == NAMES
    assert applied(empty_database_url) == NAMES
    assert await upgrade_database(empty_database_url) == []


async def test_an_upgrade_can_stop_at_the_schema_of_a_previous_release(empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        assert await upgrade_schema(connection, until=NAMES[0]) == NAMES[:1]
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        assert await upgrade_schema(connection, until=None) == NAMES[1:]


async def test_only_one_of_several_starting_servers_upgrades(empty_database_url):
    done = await asyncio.gather(*(upgrade_database(empty_database_url) for _ in range(4)))

    assert sorted(done, key=len) == [[], [], [], NAMES]
    assert applied(empty_database_url) == NAMES


async def test_an_upgrade_waits_for_another_one_s_lock(empty_database_url):
    other = await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True)
    async with other:
        await other.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        upgrade = asyncio.create_task(upgrade_database(empty_database_url))
        _, waiting = await asyncio.wait([upgrade], timeout=0.5)
        assert waiting == {upgrade}
        await other.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
        assert await upgrade == NAMES


async def test_a_database_to_which_a_newer_release_has_added_is_served_and_not_changed(database_url, caplog):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schema_migrations (name) VALUES ('9998_before_dawn.sql'), ('9999_before_noon.sql')"
        )

    assert await upgrade_database(database_url) == []

    assert "(9999_before_noon.sql); this one continues to serve it" in caplog.text
    assert applied(database_url) == [*NAMES, "9998_before_dawn.sql", "9999_before_noon.sql"]


@pytest.mark.parametrize("others", [(), ("9998_before_dawn.sql",)])
async def test_a_database_from_which_a_newer_release_has_removed_is_refused_and_not_changed(
    database_url, others
):
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name in (*others, "9999_after_noon.sql"):
            connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [name])

    with pytest.raises(DatabaseUnusable, match=r"9999_after_noon\.sql.*start a newer one") as refused:
        await upgrade_database(database_url)

    assert len(str(refused.value).splitlines()) == 1
    assert applied(database_url) == [*NAMES, *others, "9999_after_noon.sql"]


async def test_a_database_whose_schema_is_another_one_is_refused_and_not_changed(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_before_tomorrow.sql')")
        connection.execute("DELETE FROM schema_migrations WHERE name = %s", [NAMES[-1]])

    with pytest.raises(DatabaseUnusable, match=r"9999_before_tomorrow\.sql.*does not know") as refused:
        await upgrade_database(database_url)

    assert len(str(refused.value).splitlines()) == 1
    assert applied(database_url) == [*NAMES[:-1], "9999_before_tomorrow.sql"]


async def test_a_failed_migration_leaves_the_schema_of_the_previous_one(empty_database_url):
    # given a table in the way of the first migration
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE job_budgets (only_column integer)")

    with pytest.raises(DatabaseUnusable, match="Cannot upgrade the schema: ") as refused:
        await upgrade_database(empty_database_url)

    assert len(str(refused.value).splitlines()) == 1
    assert applied(empty_database_url) == []
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE job_budgets")
    assert await upgrade_database(empty_database_url) == NAMES


@pytest.mark.parametrize("version", [90_600, 140_011, 149_999])
def test_a_server_below_fifteen_is_too_old(version):
    with pytest.raises(DatabaseUnusable, match=f"PostgreSQL {version // 10_000} is too old.*15"):
        check_version(version)


@pytest.mark.parametrize("version", [150_000, 160_004, 180_001])
def test_a_server_from_fifteen_on_is_accepted(version):
    check_version(version)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres@127.0.0.1:1/none",
        "postgresql://postgres@/none?host=/nowhere",
        "postgresql://postgres@[::1:5/none",
        "not a url",
        "port=x",
    ],
)
async def test_a_wrong_url_is_reported_in_one_line(url):
    with pytest.raises(DatabaseUnusable, match=r"Cannot use the database: .+") as refused:
        await upgrade_database(url)
    assert len(str(refused.value).splitlines()) == 1


async def test_a_database_that_does_not_exist_is_reported(cluster_url):
    with pytest.raises(DatabaseUnusable, match="nowhere"):
        await Database.open(cluster_url.replace("/postgres?", "/nowhere?"))


async def test_a_transaction_commits_whole_or_not_at_all(database_url):
    async with Database.opened(database_url, connections_max=2) as database:
        await database.check()
        with suppress(ZeroDivisionError):
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO event_days (day) VALUES ('2024-01-01')")
                raise ZeroDivisionError
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO event_days (day) VALUES ('2024-01-02')")
        async with database.connection() as connection:
            rows = await connection.execute("SELECT day::text, current_setting('TimeZone') FROM event_days")
            assert await rows.fetchall() == [("2024-01-02", "UTC")]


@pytest.mark.parametrize("name", ["once", "twice"])
def test_statements_are_read_by_name(tmp_path, monkeypatch, name):
    package = tmp_path / f"slice_{name}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    block = "-- name: one\n-- Because.\nSELECT 1,\n       2\n\n"
    (package / "queries.sql").write_text(block + (block if name == "twice" else "-- name: two\nSELECT 2\n"))
    monkeypatch.syspath_prepend(str(tmp_path))
    if name == "twice":
        with pytest.raises(ValueError, match=r"queries\.sql: one "):
            load_statements(package.name)
    else:
        assert load_statements(package.name) == {"one": "SELECT 1,\n2", "two": "SELECT 2"}
