"""Running the server: who waits for it to listen begins to ask when every worker has been forked."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import psycopg
import pytest

from jobmeter.app import wait_for_database
from jobmeter.cli.main import main
from jobmeter.cli.serve import announce
from jobmeter.database.connection import DatabaseUnusable
from tests.slow.crash.installation import free_port

START_SECONDS = 60


def test_nothing_is_asked_while_workers_are_forked() -> None:
    """A lock that a thread held at that moment would stay held in the worker: no webhook was ever sent."""
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

    told: list[str] = []
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_port}"
        announce(base_url, told.append, are_forked=are_forked)
        server.shutdown()
    assert seen == [0] * 6
    assert asked == ["/health"]
    assert told == [base_url]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("JOBMETER_RATE_LIMITS", "many", "JOBMETER_RATE_LIMITS: 'many' is not resource=calls"),
        ("JOBMETER_TRUSTED_PROXIES", "gateway", "JOBMETER_TRUSTED_PROXIES: 'gateway' does not appear"),
        ("JOBMETER_POOL_CONNECTIONS_MAX", "0", "JOBMETER_POOL_CONNECTIONS_MAX must be at least 2"),
        ("JOBMETER_DATABASE_URL", "mysql://here", "Cannot use the database: "),
        ("JOBMETER_DATABASE_URL", "postgresql://127.0.0.1:1/none", "Connection refused"),
    ],
)
def test_what_the_server_could_not_start_with_is_one_line(
    name, value, says, database_url, monkeypatch, capsys
):
    """It used to be found by each worker, with a page of its own."""
    monkeypatch.setenv("JOBMETER_DATABASE_URL", database_url)
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", str(free_port())])
    told = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert len(told) == 1
    assert says in told[0]


@pytest.mark.parametrize("url", ["jo:hunter2@host", "mysql://jo:hunter2@host/db"])
def test_a_url_that_can_not_be_read_is_not_shown(url, capsys) -> None:
    """Its password stood in the error, and so in the log."""
    with pytest.raises(SystemExit) as ended:
        main(["db", "upgrade", "--database-url", url])
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "its URL must have the form postgresql://" in told
    assert "hunter2" not in told


def test_the_check_looks_at_the_database_of_the_server_or_at_none(
    database_url, capsys, monkeypatch, tmp_path
) -> None:
    """It made an empty one of its own, where the server's was named in the environment, and found all laws to hold."""
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
    assert "All laws hold" in capsys.readouterr().out


def test_an_address_that_is_taken_is_named(database_url, capsys, monkeypatch) -> None:
    monkeypatch.setenv("JOBMETER_DATABASE_URL", database_url)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other, pytest.raises(SystemExit):
        main(["serve", "--port", str(other.server_port)])
    told = capsys.readouterr().err
    assert told == f"jobmeter: cannot listen at 127.0.0.1:{other.server_port}: Address already in use\n"


async def test_a_worker_waits_for_a_database_that_is_away_and_for_no_other(cluster_url, database_url) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    allow = f"ALTER DATABASE {name} ALLOW_CONNECTIONS "

    with pytest.raises(DatabaseUnusable):
        await wait_for_database("mysql://here", seconds_max=60)
    with pytest.raises(DatabaseUnusable, match="Connection refused"):
        await wait_for_database("postgresql://127.0.0.1:1/none", seconds_max=0)
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(allow + "false")
        waiting = asyncio.create_task(wait_for_database(database_url, seconds_max=60))
        await asyncio.sleep(0.3)
        was_waiting = not waiting.done()
        connection.execute(allow + "true")
        await waiting
    assert was_waiting


def test_a_worker_that_is_killed_is_replaced_and_the_server_stays(database_url, tmp_path) -> None:
    """The kernel kills one process where memory is short: the server ended, and nobody was charged any more."""
    port = free_port()
    command = [sys.executable, "-m", "jobmeter", "serve", "--port", str(port), "--workers", "2"]
    environment = os.environ | {"JOBMETER_DATABASE_URL": database_url}
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


def test_a_server_that_is_told_to_stop_answers_who_waits_and_ends(database_url, tmp_path) -> None:
    """A board that followed the feed was cut off after twenty seconds, and the worker killed with all it had in hand."""
    port = free_port()
    command = [sys.executable, "-m", "jobmeter", "serve", "--port", str(port)]
    keys = {"JOBMETER_DATABASE_URL": database_url, "JOBMETER_EVENTS_KEY": "e"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | keys)
    try:
        wait_until(lambda: answers(port), tmp_path)
        told: list[httpx2.Response] = []
        url = f"http://127.0.0.1:{port}/delivery/changes?after=0&wait=50"
        ask = {"url": url, "headers": {"Authorization": "Bearer e"}, "timeout": 60}
        follower = threading.Thread(target=lambda: told.append(httpx2.get(**ask)))
        follower.start()
        time.sleep(1)
        begun = time.monotonic()
        server.terminate()
        server.wait(30)
        follower.join()
    finally:
        server.kill()
    assert [answer.status_code for answer in told] == [200]
    # Granian may say "Killing worker-1" of one that has just ended: two of its threads wait for the same process.
    assert time.monotonic() - begun < 10


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", timeout=5).is_success
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
