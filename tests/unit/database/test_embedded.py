"""The embedded server is started, shared, stopped by its last user and recovered after a kill; errors are clear."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from jobmeter.cli.server.serve import keep_running
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import start_embedded
from jobmeter.database.postmaster.process import NO_PROCESS
from tests.support.databases.stopped import put_stopped_database, start_copy
from tests.support.missing_part import report_missing

# Another process that uses the same folder until it reads a line.
GUEST = """
import sys
from pathlib import Path
from jobmeter.database.embedded import start_embedded
server = start_embedded(Path(sys.argv[1]), durable=False)
print(server.url, flush=True)
sys.stdin.readline()
server.stop()
"""


def start_guest(folder):
    return subprocess.Popen(
        [sys.executable, "-c", GUEST, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def postmaster_of(folder):
    return int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])


def answers(url):
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(holds, seconds=20):
    give_up_at = time.monotonic() + seconds
    while not holds() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return holds()


def test_two_processes_share_a_folder_and_the_last_one_stops_it(tmp_path):
    host = start_copy(tmp_path)
    with start_guest(tmp_path) as guest:
        assert guest.stdout.readline().strip() == host.url
        host.stop()
        assert answers(host.url)
        guest.communicate("leave\n", timeout=60)
    assert guest.returncode == 0
    assert not answers(host.url)
    assert not (tmp_path / "postgresql" / "postmaster.pid").exists()


def test_a_process_that_was_killed_does_not_keep_the_server_running(tmp_path):
    host = start_copy(tmp_path)
    with start_guest(tmp_path) as guest:
        guest.stdout.readline()
        guest.kill()
    host.stop()
    assert not answers(host.url)


def test_a_new_server_is_configured_for_durability_or_not(tmp_path):
    shown = {}
    for durable in (True, False):
        server = start_embedded(tmp_path / str(durable), durable=durable)
        with psycopg.connect(server.url) as connection:
            shown[durable] = connection.execute(
                "SELECT current_setting('fsync'), current_setting('synchronous_commit'),"
                " current_setting('shared_buffers')"
            ).fetchone()
        server.stop()
    assert shown == {True: ("on", "on", "512MB"), False: ("off", "off", "512MB")}


def test_committed_data_survives_a_kill(tmp_path):
    server = start_embedded(tmp_path)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    os.kill(postmaster_of(tmp_path), signal.SIGKILL)

    # at once: the dying process and its lock file still exist
    again = start_embedded(tmp_path)

    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    server.stop()
    assert answers(again.url)
    again.stop()
    assert not answers(again.url)


def test_a_zombie_postmaster_is_not_mistaken_for_a_running_one(tmp_path):
    # given a stopped server whose lock file names a process that is dead but still in the process table
    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no process table under /proc")
    put_stopped_database(tmp_path)
    corpse = subprocess.Popen(["/bin/true"])
    state = Path(f"/proc/{corpse.pid}/stat")
    assert wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "Z")
    lock = tmp_path / "postgresql" / "postmaster.pid"
    lines = [str(corpse.pid), str(lock.parent), "1", "5432", str(lock.parent), "", "0 0", "ready"]
    lock.write_text("\n".join(lines) + "\n")

    server = start_embedded(tmp_path, durable=False)

    assert answers(server.url)
    assert postmaster_of(tmp_path) not in {corpse.pid, NO_PROCESS}
    server.stop()
    corpse.wait()


def test_stopping_a_server_that_died_is_not_an_error(tmp_path):
    server = start_copy(tmp_path)
    pid = postmaster_of(tmp_path)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))
    server.stop()


def test_a_server_that_died_is_started_again_by_its_watcher(tmp_path, caplog):
    server = start_copy(tmp_path)
    is_over = threading.Event()
    watch = threading.Thread(target=keep_running, args=(server, is_over))
    watch.start()
    assert server.is_running()
    os.kill(postmaster_of(tmp_path), signal.SIGKILL)
    assert wait_until(lambda: not answers(server.url))
    assert wait_until(lambda: answers(server.url))
    is_over.set()
    watch.join()
    server.stop()
    assert not server.is_running()
    assert [record.getMessage() for record in caplog.records if record.name == "jobmeter"] == [
        "the embedded database has died; restarting it",
        "the embedded database is running again",
    ]


def test_a_server_that_cannot_be_started_again_reports_why_in_one_line(tmp_path):
    server = start_copy(tmp_path)
    configuration = tmp_path / "postgresql" / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text(sound + "max_connections = 'many'\n")
    os.kill(postmaster_of(tmp_path), signal.SIGKILL)
    assert wait_until(lambda: not answers(server.url))
    with pytest.raises(DatabaseUnusable, match=r"Cannot start the database of .*contains errors") as refused:
        server.start_again()
    assert len(str(refused.value).splitlines()) == 1
    configuration.write_text(sound)
    server.start_again()
    assert answers(server.url)
    server.stop()


def test_a_server_that_is_shutting_down_is_waited_for_and_started_again(tmp_path):
    server = start_copy(tmp_path)
    first = postmaster_of(tmp_path)
    with psycopg.connect(server.url) as connection:
        os.kill(first, signal.SIGTERM)  # it refuses new connections, and ends with the last one
        assert wait_until(lambda: not answers(server.url))
        leaving = threading.Timer(0.3, connection.close)
        leaving.start()
        again = start_embedded(tmp_path, durable=False)
        leaving.join()
    assert postmaster_of(tmp_path) != first
    assert answers(again.url)
    server.stop()
    again.stop()


@pytest.mark.parametrize("status", ["ready", "starting"])
def test_the_number_of_a_dead_server_may_belong_to_another_program(tmp_path, status):
    """After a restart of the machine or container: numbers start from 1 again, and the lock file is still there."""
    put_stopped_database(tmp_path)
    lock = tmp_path / "postgresql" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as other:
        lines = [str(other.pid), str(lock.parent), "1", "5432", str(lock.parent), "", "0 0", status]
        lock.write_text("\n".join(lines) + "\n")
        server = start_embedded(tmp_path, durable=False)
        assert postmaster_of(tmp_path) not in {other.pid, NO_PROCESS}
        server.stop()
        assert other.poll() is None
        other.kill()


def test_a_process_of_an_earlier_release_keeps_the_server_running(tmp_path):
    """It lists itself in a file, and holds no lock."""
    server = start_copy(tmp_path)
    with subprocess.Popen(["sleep", "60"]) as earlier:
        (tmp_path / "postgresql" / ".handle_pids.json").write_text(f"[{earlier.pid}]")
        server.stop()
        assert answers(server.url)
        earlier.kill()
    start_embedded(tmp_path, durable=False).stop()
    assert not answers(server.url)


def a_file(folder):
    folder.write_text("in the way")


def of_an_older_version(folder):
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql" / "PG_VERSION").write_text("14\n")


def of_no_version(folder):
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql" / "PG_VERSION").write_text("what\n")


def with_other_files(folder):
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql" / "letters.txt").write_text("mine")


def half_made(folder):
    (folder / "postgresql").mkdir(parents=True)
    (folder / "postgresql" / "PG_VERSION").write_text("18\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (a_file, "File exists"),
        (of_an_older_version, "holds a database of PostgreSQL '14', and the embedded PostgreSQL is 18"),
        (of_no_version, "PostgreSQL 'what'"),
        (with_other_files, "holds files but no PostgreSQL database"),
        (half_made, "could not access the server configuration file"),
    ],
)
def test_a_folder_that_cannot_be_used_is_reported_in_one_line(tmp_path, spoil, message):
    folder = tmp_path / "data"
    spoil(folder)
    with pytest.raises(DatabaseUnusable, match=message) as refused:
        start_embedded(folder)
    assert str(refused.value).startswith(f"Cannot use the data folder {folder}: ")
    assert len(str(refused.value).splitlines()) == 1


def test_a_folder_on_a_read_only_file_system_is_reported():
    with pytest.raises(DatabaseUnusable, match="Cannot use the data folder /proc/jobmeter"):
        start_embedded(Path("/proc/jobmeter"))


@pytest.mark.parametrize(("option", "message"), [("size=8m", "MB are free"), ("ro", "Read-only file system")])
def test_a_full_or_read_only_disk_is_reported(tmp_path, option, message):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        report_missing("the right to mount a small disk")
    try:
        with pytest.raises(DatabaseUnusable, match=message) as refused:
            start_embedded(place)
        assert len(str(refused.value).splitlines()) == 1
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_postgresql_s_own_reason_is_reported(tmp_path):
    put_stopped_database(tmp_path)
    with (tmp_path / "postgresql" / "postgresql.conf").open("a") as configuration:
        configuration.write("max_connections = 'many'\n")
    with pytest.raises(DatabaseUnusable, match=r"configuration file .* contains errors"):
        start_embedded(tmp_path, durable=False)
