"""Backups: verified copies, the archived log, and a database restored to a moment with exactly what was committed by then."""

import asyncio
import json
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.main import main
from jobmeter.operations.backups import BackupFolder
from jobmeter.operations.manifests import NAME, verify_backup
from jobmeter.operations.programs import CONNECTION, run_program, start_program
from jobmeter.operations.store import read_server_time
from tests.deployment.database.archiving import archiving, embedded, wait_for_archive
from tests.deployment.serving import wait_until
from tests.support.scenario import START, make_clicks, open_scenario

CLICKS = 40


async def add_clicks(scenario, job_id, prefix, later):
    at = START + timedelta(minutes=later)
    reply = await scenario.ingest(make_clicks(job_id, CLICKS, at, prefix=prefix), at + timedelta(minutes=1))
    assert reply.clicks_charged == CLICKS


def run(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["db", *map(str, arguments)])
    printed = capsys.readouterr()
    assert (ended.value.code or 0) == code, printed
    return printed


def count_events(data):
    with embedded(data) as url, psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM events").fetchone()[0]


async def play(url, folder, data):
    """Four batches, and a backup after the first. Returns the moment after each."""
    moments = []
    async with open_scenario(url) as scenario:
        job_id = await scenario.post("job", budget_micros=1_000_000_000)
        for number in range(4):
            await add_clicks(scenario, job_id, f"batch {number} ", number)
            moments.append(read_server_time(url))
            if number == 0:
                with pytest.raises(SystemExit):
                    await asyncio.to_thread(main, ["db", "backup", str(folder), "--data", str(data)])
                (made,) = BackupFolder(folder).list_backups()
                while read_server_time(url) <= made.ended_at:  # noqa: ASYNC110 -- a clock has no event
                    await asyncio.sleep(0.05)
    return moments


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A folder of a backup and the log of four batches, and the moment after each of them."""
    root = tmp_path_factory.mktemp("history")
    folder, data = root / "backups", root / "data"
    with embedded(data) as url, archiving(folder, data):
        moments = asyncio.run(play(url, folder, data))
        wait_for_archive(url, data / "archive.log")
    return folder, moments


def test_all_of_the_log_is_restored_and_checked(history, tmp_path, capsys):
    folder, _ = history
    printed = json.loads(run(capsys, "restore", folder, "--data", tmp_path / "new", "--json").out)
    assert printed["backup"]["folder"].startswith(str(folder / "base"))
    assert len(printed["laws"]) > 50
    assert not any(law["breaches"] for law in printed["laws"])
    assert count_events(tmp_path / "new") == 4 * CLICKS
    assert not list((tmp_path / "new" / "postgresql").glob("recovery.*"))
    settings = (tmp_path / "new" / "postgresql" / "postgresql.auto.conf").read_text()
    assert "recovery" not in settings


@pytest.mark.parametrize("batches", [2, 3])
def test_a_moment_between_two_batches_has_exactly_those_before_it(history, tmp_path, capsys, batches):
    folder, moments = history
    moment = moments[batches - 1].isoformat()
    printed = run(capsys, "restore", folder, "--data", tmp_path / "new", "--until", moment)
    assert "All laws hold." in printed.out
    assert count_events(tmp_path / "new") == batches * CLICKS
    with embedded(tmp_path / "new") as url, psycopg.connect(url) as connection:
        (charged,) = connection.execute("SELECT sum(amount_micros) FROM charges").fetchone()
        (spent,) = connection.execute("SELECT sum(spent_micros) FROM job_budgets").fetchone()
    assert charged == spent > 0


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        ("2020-01-01T00:00:00Z", "after that moment"),
        ("2999-01-01T00:00:00Z", "the archived log ends before that moment"),
    ],
)
def test_a_moment_that_cannot_be_restored_is_refused_and_leaves_nothing(
    history, tmp_path, capsys, until, reason
):
    folder, _ = history
    printed = run(capsys, "restore", folder, "--data", tmp_path / "new", "--until", until, code=1)
    assert reason in printed.err
    assert not (tmp_path / "new" / "postgresql").exists()


def test_a_database_is_never_restored_over_another_one(history, tmp_path, capsys):
    folder, _ = history
    (tmp_path / "new" / "postgresql").mkdir(parents=True)
    printed = run(capsys, "restore", folder, "--data", tmp_path / "new", code=1)
    assert "has a database already" in printed.err


def test_a_folder_without_backups_says_how_to_make_one(tmp_path, capsys):
    printed = run(capsys, "restore", tmp_path, "--data", tmp_path / "new", code=1)
    assert "jobmeter db backup makes one" in printed.err


@pytest.mark.parametrize(
    "damage", ["a byte", "a missing file", "another file", "the manifest", "no manifest"]
)
def test_a_damaged_backup_is_refused(history, tmp_path, damage):
    (backup,) = BackupFolder(history[0]).list_backups()
    copy = tmp_path / backup.path.name
    subprocess.run(["cp", "-r", str(backup.path), str(copy)], check=True)
    version, manifest = copy / "PG_VERSION", copy / NAME
    assert verify_backup(copy) > 500
    if damage == "a byte":
        version.write_text("19\n")
    elif damage == "a missing file":
        version.unlink()
    elif damage == "another file":
        (copy / "base" / "1" / "extra").touch()
    elif damage == "the manifest":
        manifest.write_text(manifest.read_text().replace('"Size": 3', '"Size": 4', 1))
    else:
        manifest.unlink()
    with pytest.raises(CommandFailed, match=r"as it was copied|missing|not in the manifest|cannot be used"):
        verify_backup(copy)


def test_old_backups_are_deleted_with_the_log_that_only_they_needed(tmp_path, capsys):
    data, folder = tmp_path / "data", BackupFolder(tmp_path / "backups")
    with embedded(data) as url, archiving(folder.path, data):
        for _ in range(3):
            made = json.loads(run(capsys, "backup", folder.path, "--data", data, "--keep", 2, "--json").out)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("SELECT pg_logical_emit_message(false, 'a', 'b'), pg_switch_wal()")
            time.sleep(1.1)  # names are seconds
        kept = folder.list_backups()
        left = {one.name for one in folder.log.iterdir()}
    assert (len(kept), len(made["dropped"])) == (2, 1)
    assert min(left) == kept[0].first_segment
    assert made["backup"]["folder"] == str(kept[-1].path)
    assert made["backup"]["bytes"] == kept[-1].count_bytes()


def test_the_archive_is_ended_and_the_database_keeps_no_log_for_it(tmp_path, capsys):
    data, folder = tmp_path / "data", tmp_path / "backups"
    with embedded(data) as url:
        with archiving(folder, data):
            pass
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (1,)
            wait_until(
                lambda: connection.execute("SELECT active FROM pg_replication_slots").fetchone() == (False,),
                data / "archive.log",
            )
            for expected in ("The archive is ended.", "There was no archive."):
                main_out = run(capsys, "archive", folder, "--data", data, "--end").out
                assert main_out.strip() == expected
            assert connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,)


def test_an_archive_needs_a_server_that_runs(tmp_path, capsys):
    printed = run(capsys, "archive", tmp_path, "--data", tmp_path, code=1)
    assert "start it first" in printed.err


def test_a_password_is_in_no_argument_and_no_variable(tmp_path):
    """It is in a file that is deleted with the program."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts connections, and never answers
        url = f"postgresql://someone:hunter2%20x@127.0.0.1:{silent.getsockname()[1]}/board"
        following = [*CONNECTION, "--directory", tmp_path, "--no-password"]
        with start_program("pg_receivewal", following, url=url) as program:
            connection, _ = silent.accept()
            process = Path("/proc") / str(program.pid)
            seen = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
            connection.close()
    assert b"PGSERVICEFILE" in seen
    assert b"hunter2" not in seen
    nobody = "postgresql://someone:hunter2@127.0.0.1:1/board"
    with pytest.raises(CommandFailed, match="refused") as failed:
        run_program("pg_basebackup", [*CONNECTION, "--pgdata", tmp_path / "a"], url=nobody)
    assert "hunter2" not in str(failed.value)
