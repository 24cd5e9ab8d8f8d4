"""Running the server: start-up checks, settings, worker processes, shutdown."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import psycopg
import pytest
from psycopg_pool import PoolTimeout

from jobmeter.app import open_state, try_until_usable
from jobmeter.base.settings import Settings
from jobmeter.cli.main import main
from jobmeter.cli.server.serve import HEADER_SECONDS_MAX, announce
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.pool import upgrade_database
from tests.conftest import TEMPLATE, make_database
from tests.slow.crash.installation import free_port
from tests.support.server_process import find_program
from tests.support.webhook_receiver import POLLING

START_SECONDS = 60
KEYS = {f"JOBMETER_{name}_KEY": f"{name} key of the test" for name in ("EVENTS", "OPERATOR", "SECRET")}


@pytest.fixture(scope="module")
def server_port(cluster_url, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    for database_url in make_database(cluster_url, TEMPLATE):
        keys = {"JOBMETER_DATABASE_URL": database_url} | KEYS
        command = [*find_program(), "serve", "--port", str(port)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | keys)
        wait_until(lambda: answers(port), folder)
        yield port
        server.terminate()
        server.wait(30)


@pytest.fixture
def keys(monkeypatch) -> None:
    """A server without a key does not start."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


def test_no_request_is_sent_while_workers_are_forked() -> None:
    """A lock that a thread holds during the fork stays held in the worker. It once kept all webhooks from being sent."""
    asked: list[str] = []
    seen: list[int] = []

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    def are_forked() -> bool:
        seen.append(len(asked))
        return len(seen) > 5

    announced: list[str] = []
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, kwargs=POLLING, daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}"
        announce(base_url, announced.append, are_forked=are_forked)
        server.shutdown()
    assert seen == [0] * 6
    assert asked == ["/health"]
    assert announced == [base_url]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("JOBMETER_RATE_LIMITS", "many", "JOBMETER_RATE_LIMITS: 'many' is not resource=calls"),
        ("JOBMETER_TRUSTED_PROXIES", "gateway", "JOBMETER_TRUSTED_PROXIES: 'gateway' does not appear"),
        ("JOBMETER_POOL_CONNECTIONS_MAX", "0", "JOBMETER_POOL_CONNECTIONS_MAX must be at least 2"),
        ("JOBMETER_DATABASE_URL", "mysql://here", "Cannot use the database: "),
        ("JOBMETER_DATABASE_URL", "postgresql://127.0.0.1:1/none", "Connection refused"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(
    name, value, message, keys, database_url, monkeypatch, capsys
):
    """Each worker process once reported it separately, with a traceback."""
    monkeypatch.setenv("JOBMETER_DATABASE_URL", database_url)
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", str(free_port())])
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.parametrize("url", ["jo:hunter2@host", "mysql://jo:hunter2@host/db"])
def test_a_malformed_database_url_is_not_shown(url, capsys) -> None:
    """Its password was once part of the error and of the log."""
    with pytest.raises(SystemExit) as ended:
        main(["db", "upgrade", "--database-url", url])
    printed = capsys.readouterr().err
    assert ended.value.code == 1
    assert "its URL must have the form postgresql://" in printed
    assert "hunter2" not in printed


def test_the_law_check_uses_the_server_s_database_or_none(
    database_url, capsys, monkeypatch, tmp_path
) -> None:
    """Although the environment named the server's, it once created an empty database and reported that all laws hold."""
    monkeypatch.delenv("JOBMETER_DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["db", "check", "--data", str(tmp_path / "none")])
    assert ended.value.code == 1
    assert "There is no database in " in capsys.readouterr().err
    assert not (tmp_path / "none").exists()

    monkeypatch.setenv("JOBMETER_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    with pytest.raises(SystemExit) as ended:
        main(["db", "check", "--data", str(tmp_path / "none")])
    assert ended.value.code == 1
    assert "Connection refused" in capsys.readouterr().err

    with pytest.raises(SystemExit) as ended:
        main(["db", "check", "--database-url", database_url])
    assert not ended.value.code
    assert "There is nothing to check" in capsys.readouterr().out


def test_an_address_in_use_is_named(keys, database_url, capsys, monkeypatch) -> None:
    monkeypatch.setenv("JOBMETER_DATABASE_URL", database_url)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other, pytest.raises(SystemExit):
        main(["serve", "--port", str(other.server_port)])
    printed = capsys.readouterr().err
    assert printed == f"jobmeter: cannot listen at 127.0.0.1:{other.server_port}: Address already in use\n"


async def test_a_worker_waits_for_a_database_during_an_outage_only(cluster_url, database_url, caplog) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    allow = f"ALTER DATABASE {name} ALLOW_CONNECTIONS "

    with pytest.raises(DatabaseUnusable):
        await try_until_usable(partial(upgrade_database, "mysql://here"), seconds_max=60)
    with pytest.raises(DatabaseUnusable, match="Connection refused"):
        await try_until_usable(partial(upgrade_database, "postgresql://127.0.0.1:1/none"), seconds_max=0)
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(allow + "false")
        upgrade = partial(upgrade_database, database_url)
        waiting = asyncio.create_task(try_until_usable(upgrade, seconds_max=60))
        async with asyncio.timeout(START_SECONDS):
            while "the database cannot be used" not in caplog.text:  # noqa: ASYNC110 -- the log has no event
                await asyncio.sleep(0.01)
        was_waiting = not waiting.done()
        connection.execute(allow + "true")
        await waiting
    assert was_waiting


async def test_a_start_is_tried_again_while_the_database_cannot_be_used() -> None:
    """It was lost between two steps of a start: the process died, and its successors too, until the server gave up."""
    lost = DatabaseUnusable("Cannot upgrade the schema: the connection is closed")
    lost.__cause__ = psycopg.OperationalError("the connection is closed")
    failures = [lost, psycopg.errors.CannotConnectNow(), PoolTimeout("no connection")]

    async def start() -> str:
        if failures:
            raise failures.pop(0)
        return "started"

    assert await try_until_usable(start, seconds_max=60) == "started"
    failures.append(psycopg.errors.UndefinedTable())
    with pytest.raises(psycopg.errors.UndefinedTable):
        await try_until_usable(start, seconds_max=60)
    failures.append(psycopg.errors.CannotConnectNow())
    with pytest.raises(psycopg.errors.CannotConnectNow):
        await try_until_usable(start, seconds_max=-1)


async def test_a_start_that_fails_leaves_no_connection(database_url) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP FUNCTION make_event_day")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            async with open_state(Settings(database_url=database_url, chores=False)):
                pass
        question = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND application_name NOT LIKE 'citus%'"
        )
        async with asyncio.timeout(START_SECONDS):
            while connection.execute(question).fetchone() != (0,):  # noqa: ASYNC110 -- the server's processes end by themselves
                await asyncio.sleep(0.01)


@pytest.mark.long
def test_a_killed_worker_is_replaced_and_the_server_stays_up(database_url, tmp_path) -> None:
    """The kernel kills a process when memory runs out; the whole server once ended with it."""
    port = free_port()
    command = [sys.executable, "-m", "jobmeter", "serve", "--port", str(port), "--workers", "2"]
    environment = os.environ | KEYS | {"JOBMETER_DATABASE_URL": database_url}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_until(lambda: answers(port), tmp_path)
        first = workers_of(server.pid)
        os.kill(first[0], signal.SIGKILL)
        wait_until(lambda: len(set(workers_of(server.pid)) - set(first)) == 1, tmp_path)
        wait_until(lambda: answers(port), tmp_path)
        assert server.poll() is None
    finally:
        server.terminate()
        server.wait(30)
    # The one that replaces it may be ended before it serves, which is unexpected too.
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if "Unexpected exit" in line]
    assert lines
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ERROR ", line) for line in lines)


@pytest.mark.slow  # three starts and a database of its own
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_end_with_a_killed_main_process_and_a_restart_succeeds(workers, tmp_path) -> None:
    """They once lived on and held the port; the failed restart then stopped the database while they used it."""
    port, data = free_port(), tmp_path / "data"
    command = [sys.executable, "-m", "jobmeter", "serve", "--port", str(port), "--data", str(data)]
    command += ["--workers", str(workers)]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("JOBMETER_")} | KEYS
    with (tmp_path / "log").open("wb") as log:
        killed = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        wait_until(lambda: answers(port), tmp_path)
        left = workers_of(killed.pid)
        assert len(left) == workers
        postmaster = int((data / "postgresql" / "postmaster.pid").read_text().split()[0])
        failed = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (failed.returncode, "Address already in use" in failed.stderr) == (1, True)
        assert answers(port)
        killed.kill()
        killed.wait()
        wait_until(lambda: not any(map(is_alive, left)), tmp_path)

        again = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_until(lambda: answers(port), tmp_path)
        assert int((data / "postgresql" / "postmaster.pid").read_text().split()[0]) == postmaster
    finally:
        again.terminate()
        again.wait(30)
    assert not (data / "postgresql" / "postmaster.pid").exists()


def is_alive(pid: int) -> bool:
    try:
        return (
            b"(python" in Path(f"/proc/{pid}/stat").read_bytes()
            and " Z " not in Path(f"/proc/{pid}/stat").read_text()
        )
    except FileNotFoundError:
        return False


@pytest.mark.long
def test_a_stopping_server_responds_to_waiting_requests_and_ends(database_url, tmp_path) -> None:
    """A long poll once delayed the stop for twenty seconds, until the worker was killed with its requests in progress."""
    port = free_port()
    command = [sys.executable, "-m", "jobmeter", "serve", "--port", str(port)]
    keys = {"JOBMETER_DATABASE_URL": database_url, "JOBMETER_EVENTS_KEY": "e" * 16}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | keys)
    try:
        wait_until(lambda: answers(port), tmp_path)
        answers_read: list[httpx2.Response] = []
        url = f"http://127.0.0.1:{port}/delivery/changes?after=0&wait=50"
        ask = {"url": url, "headers": {"Authorization": "Bearer " + "e" * 16}, "timeout": 60}
        follower = threading.Thread(target=lambda: answers_read.append(httpx2.get(**ask)))
        follower.start()
        wait_until(lambda: is_followed(database_url), tmp_path)
        begun = time.monotonic()
        server.terminate()
        server.wait(30)
        follower.join()
    finally:
        server.kill()
    assert [answer.status_code for answer in answers_read] == [200]
    # Granian may log "Killing worker-1" for one that has just ended: two of its threads wait for the same process.
    assert time.monotonic() - begun < 10


def is_followed(database_url: str) -> bool:
    """Whether a request waits for changes: only then the server reads the number of the last change."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE %s",
            ["%SELECT last, dropped%"],
        ).fetchone()
    return found is not None and found[0] > 0


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", timeout=5, verify=False).is_success
    except httpx2.HTTPError:
        return False


def workers_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False)
    return [int(text) for text in found.stdout.split()]


def wait_until(holds, folder) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, (folder / "log").read_text()
        time.sleep(0.05)


@pytest.mark.slow
def test_a_connection_that_sends_nothing_or_half_is_closed(server_port) -> None:
    """Two thousand idle connections once kept the server unreachable for over a minute."""
    starts = {
        "idle": b"",
        "half a head": b"GET /hea",
        "kept alive": b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    }
    connections = {name: socket.create_connection(("127.0.0.1", server_port)) for name in starts}
    for name, connection in connections.items():
        connection.sendall(starts[name])
    begun_at = time.monotonic()
    for connection in connections.values():
        connection.settimeout(2 * HEADER_SECONDS_MAX)
        while connection.recv(1_000):
            pass
        connection.close()
    assert time.monotonic() - begun_at < 1.5 * HEADER_SECONDS_MAX


@pytest.mark.parametrize("size", ["FFFFFFFFFFFFFFFFF", "zz", "1" * 40, "-1", ""])
def test_a_malformed_chunk_is_a_bad_request(server_port, size) -> None:
    head = "POST /events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server_port), timeout=30) as connection:
        connection.sendall(f"{head.format(key=KEYS['JOBMETER_EVENTS_KEY'])}{size}\r\n[1,2".encode())
        assert connection.recv(100).split()[1] == b"400"
