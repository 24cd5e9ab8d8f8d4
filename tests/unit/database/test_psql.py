"""``jobmeter db psql`` opens a server's database, read-only by default, with a clear error if there is none."""

import subprocess

import psycopg
import pytest

from jobmeter.cli.server.psql import read_environment
from tests.support.databases.stopped import put_stopped_database, start_copy
from tests.support.server_process import find_program


def run(*arguments):
    command = [*find_program(), "db", "psql", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_psql_connects_to_a_running_server_and_leaves_it_running(tmp_path):
    server = start_copy(tmp_path)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number integer)")

    read = run("--data", str(tmp_path), "--", "-Atc", "SELECT count(*) FROM kept")
    refused = run("--data", str(tmp_path), "--", "-c", "INSERT INTO kept VALUES (1)")
    written = run("--data", str(tmp_path), "--write", "--", "-c", "INSERT INTO kept VALUES (2)")

    assert (read.returncode, read.stdout.strip()) == (0, "0"), read.stderr
    assert refused.returncode == 1
    assert "read-only transaction" in refused.stderr
    assert written.returncode == 0, written.stderr
    assert "not in the audit log" in written.stderr  # the database has none
    assert server.is_running()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(2,)]
    server.stop()


def test_psql_starts_a_database_that_is_stopped_and_stops_it_again(tmp_path):
    put_stopped_database(tmp_path)
    read = run("--data", str(tmp_path), "--", "-Atc", "SHOW TimeZone")
    assert (read.returncode, read.stdout.strip()) == (0, "UTC"), read.stderr
    assert not (tmp_path / "postgresql" / "postmaster.pid").exists()


def test_a_folder_without_a_database_is_reported_with_a_remedy(tmp_path):
    refused = run("--data", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"jobmeter: there is no database in {tmp_path}; set its folder with --data, or start a server on it first: "
        f"jobmeter sandbox --data {tmp_path}"
    )
    assert not (tmp_path / "postgresql").exists()


def test_psql_opens_a_database_by_its_url(empty_database_url):
    read = run("--database-url", empty_database_url, "--", "-Atc", "SELECT current_database()")
    assert f"/{read.stdout.strip()}?" in empty_database_url, read.stderr
    assert read.returncode == 0


def test_a_session_that_may_change_the_database_is_in_the_audit_log(database_url):
    looked = run("--database-url", database_url, "--", "-Atc", "SELECT 1")
    written = run("--database-url", database_url, "--write", "--", "-Atc", "SELECT 2")
    assert (looked.stdout, written.stdout, written.stderr) == ("1\n", "2\n", "")
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT action, actor_kind, door, subject_id FROM audit_records"
        ).fetchall()
        name = connection.info.dbname
    assert found == [("database.write", "COMMAND", "COMMAND", name)]


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (
            "postgresql://user:p%40ss@host:5433/name?sslmode=require",
            {
                "PGUSER": "user",
                "PGPASSWORD": "p@ss",
                "PGHOST": "host",
                "PGPORT": "5433",
                "PGDATABASE": "name",
                "PGSSLMODE": "require",
            },
        ),
        ("postgresql:///name?host=/run/sockets", {"PGDATABASE": "name", "PGHOST": "/run/sockets"}),
    ],
)
def test_a_url_becomes_environment_variables_that_other_users_cannot_read(url, wanted):
    assert read_environment(url) == wanted
