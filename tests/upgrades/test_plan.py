"""``jobmeter db plan``: what an upgrade would do is what it does, by PostgreSQL's own locks, and planning changes nothing."""

import json

import psycopg
import pytest

from jobmeter.cli.main import main
from jobmeter.database.migrations_runner import list_migrations
from jobmeter.operations.upgrade_plan import PlannedMigration, plan_upgrade
from tests.upgrades.release import list_releases
from tests.upgrades.schema import describe_schema

MIGRATIONS = list_migrations()
LOCKS = """
SELECT relname, mode
  FROM pg_locks
  JOIN pg_class ON pg_class.oid = relation
 WHERE pid = pg_backend_pid() AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""
PARTITIONS = "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
WRITTEN_BY_A_TRIGGER = "listed_job_notes"  # of job_postings
LOCKED, WRITES_WAIT = {"AccessExclusiveLock", "ExclusiveLock"}, {"ShareLock", "ShareRowExclusiveLock"}
ROWS_CHANGED = {"RowExclusiveLock"}


def list_tables(connection):
    return {name for (name,) in connection.execute(TABLES)}


def find_locks(connection, text):
    """Returns what one migration locks of the tables that were there before, as a plan says it; it is committed."""
    with connection.transaction():
        before = list_tables(connection)
        connection.execute(text)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        locks = [(table, mode) for table, mode in connection.execute(LOCKS).fetchall() if table in before]
    return [
        {table for table, mode in locks if mode in modes} for modes in (LOCKED, WRITES_WAIT, ROWS_CHANGED)
    ]


def in_tables(found, parent_of):
    """The same of tables: what is locked of a table is locked of its partitions too."""
    locked, waiting, rows = ({parent_of.get(table, table) for table in one} for one in found)
    return sorted(locked), sorted(waiting - locked), sorted(rows)


def test_a_plan_names_the_tables_that_each_migration_locks(empty_database_url):
    found = {}
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for name, text in MIGRATIONS:
            found[name] = find_locks(connection, text)
        parent_of = dict(connection.execute(PARTITIONS).fetchall())
    planned = {
        one.name: in_tables((one.locked, one.writes_wait, one.rows_changed), parent_of)
        for one in plan_upgrade(MIGRATIONS, ())
    }
    planned["0041_before_posters.sql"][2].append(WRITTEN_BY_A_TRIGGER)
    assert planned == {name: in_tables(one, parent_of) for name, one in found.items()}


def test_each_migration_says_what_it_does_in_one_sentence():
    for one in plan_upgrade(MIGRATIONS, ()):
        assert one.purpose.endswith("."), one
        assert "Apply" not in one.purpose


def test_what_a_migration_does_is_read_from_its_statements():
    text = """-- Apply before the code. Colours of
-- jobs; they are old. Nobody reads this.

CREATE TABLE colours (job bigint REFERENCES jobs, name text DEFAULT 'DELETE FROM none');
CREATE INDEX jobs_by_name ON jobs (name);
INSERT INTO colours SELECT id, 'x' FROM jobs;
CREATE FUNCTION fill() RETURNS void LANGUAGE sql AS $$ UPDATE companies SET a = 1; $$;
CREATE FUNCTION later() RETURNS void LANGUAGE sql AS $$ DELETE FROM people; $$;
SELECT fill();
ALTER TABLE boards ADD COLUMN a integer;
DROP INDEX old_jobs;
"""
    earlier = ("0001_before_all.sql", "CREATE INDEX old_jobs ON postings (id);")
    assert plan_upgrade([earlier, ("0002_before_colours.sql", text)], ["0001_before_all.sql"]) == [
        PlannedMigration(
            name="0002_before_colours.sql",
            purpose="Colours of jobs; they are old.",
            locked=("boards", "postings"),
            writes_wait=("jobs",),
            rows_changed=("companies",),
        )
    ]


def test_an_index_that_may_be_there_already_can_be_made_beforehand():
    """Of a table that exists: not of one that the upgrade makes."""
    earlier = ("0001_before_all.sql", "CREATE TABLE postings (id bigint, a text);")
    text = """-- Apply before the code. Indexes.
CREATE TABLE colours (name text);
CREATE INDEX IF NOT EXISTS colours_by_name ON colours (name);
CREATE UNIQUE INDEX IF NOT EXISTS
    postings_by_id ON postings (id);
CREATE INDEX IF NOT EXISTS postings_of_a ON postings (id) WHERE a = 'a';
CREATE INDEX postings_by_a ON postings (a);
"""
    migrations = [earlier, ("0002_before_colours.sql", text)]
    (planned,) = plan_upgrade(migrations, ["0001_before_all.sql"])
    assert planned.beforehand == (
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS postings_by_id ON postings (id);",
    )
    assert planned.writes_wait == ("postings",)
    assert [one.beforehand for one in plan_upgrade(migrations, ())] == [(), ()]


@pytest.mark.parametrize("has_indexes", [False, True])
def test_indexes_that_were_made_beforehand_are_those_of_the_upgrade(
    empty_database_url, database_url, capsys, has_indexes
):
    list_releases()[-1].load(empty_database_url)
    shown = json.loads(run(capsys, "plan", empty_database_url, "--json"))
    statements = [statement for one in shown["planned"] for statement in one["beforehand"]]
    assert [one for one in statements if "charges_by_batch" in one]
    assert all(one in run(capsys, "plan", empty_database_url).replace("\n", " ") for one in statements)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for statement in statements if has_indexes else ():
            connection.execute(statement)
    run(capsys, "upgrade", empty_database_url)
    with psycopg.connect(empty_database_url) as upgraded, psycopg.connect(database_url) as new:
        assert describe_schema(upgraded) == describe_schema(new)


def run(capsys, command, url, *options):
    with pytest.raises(SystemExit) as ended:
        main(["db", command, "--database-url", url, *options])
    printed = capsys.readouterr()
    assert not ended.value.code, printed.err
    return printed.out


def test_an_index_whose_making_was_interrupted_is_refused(empty_database_url, capsys):
    """``CREATE INDEX CONCURRENTLY`` leaves one that PostgreSQL does not read."""
    list_releases()[-1].load(empty_database_url)
    shown = json.loads(run(capsys, "plan", empty_database_url, "--json"))
    (planned,) = [one for one in shown["planned"] if one["name"] == "0062_before_charges_by_batch.sql"]
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        for statement in planned["beforehand"]:
            connection.execute(statement)
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'charges_by_batch'::regclass"
        )
    with pytest.raises(SystemExit) as ended:
        main(["db", "upgrade", "--database-url", empty_database_url])
    printed = capsys.readouterr().err
    assert ended.value.code == 1
    assert "the making of charges_by_batch or bookings_by_reference was interrupted" in printed
    shown = json.loads(run(capsys, "plan", empty_database_url, "--json"))
    assert shown["planned"][0] == planned
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("DROP INDEX charges_by_batch")
    run(capsys, "upgrade", empty_database_url)
    assert "Nothing to do" in run(capsys, "plan", empty_database_url)


def test_a_database_of_an_earlier_release_is_planned_and_not_changed(empty_database_url, capsys):
    release = list_releases()[-1]
    release.load(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        before = describe_schema(connection)
    shown = json.loads(run(capsys, "plan", empty_database_url, "--json"))
    text = " ".join(run(capsys, "plan", empty_database_url).split())
    with psycopg.connect(empty_database_url) as connection:
        assert describe_schema(connection) == before
        done = {name for (name,) in connection.execute("SELECT name FROM schema_migrations")}
    names = [name for name, _ in MIGRATIONS if name not in done]
    assert [one["name"] for one in shown["planned"]] == names
    assert shown["newer"] == []
    assert "waits for a lock for at most 4 s" in text
    assert json.loads(run(capsys, "upgrade", empty_database_url, "--json")) == {"applied": names}
    assert "Nothing to do" in run(capsys, "plan", empty_database_url)


def test_an_empty_database_needs_every_migration(empty_database_url, capsys):
    shown = json.loads(run(capsys, "plan", empty_database_url, "--json"))
    assert [one["name"] for one in shown["planned"]] == [name for name, _ in MIGRATIONS]


def test_what_a_newer_release_added_is_named(database_url, capsys):
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_before_noon.sql')")
    assert "9999_before_noon.sql was applied by a newer release" in run(capsys, "plan", database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE schema_migrations SET name = '9999_after_noon.sql' WHERE name LIKE '9999%'"
        )
    with pytest.raises(SystemExit):
        main(["db", "plan", "--database-url", database_url])
    assert "start a newer one" in capsys.readouterr().err
