"""A process under a movable wall clock works as any other: it sleeps, replaces a worker that was killed, and ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

from jobmeter.database.embedded import start_embedded
from tests.slow.faults.installed.clock import (
    CLOCK_ORIGIN,
    FAKE_TIME,
    make_sleep_work,
    remove_shared_memory,
    set_wall_clock,
)
from tests.slow.faults.installed.forks import open_origin
from tests.slow.faults.installed.server import WORKERS, Server
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(not FAKE_TIME.exists(), reason="libfaketime is not installed (make system)")

SLEEP_SECONDS, MOVED_SECONDS = 0.05, 3_600
SLEEPS = f"""
import time
from {make_sleep_work.__module__} import make_sleep_work
make_sleep_work()
began_at = time.monotonic()
time.sleep({SLEEP_SECONDS})
print(time.monotonic() - began_at, time.time())
"""
REPLACED_SECONDS_MAX = 60


def test_it_sleeps_and_its_clock_is_moved(tmp_path):
    environment = os.environ | set_wall_clock(tmp_path, MOVED_SECONDS)
    command = [sys.executable, "-c", SLEEPS]
    said = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    slept, now = map(float, said.stdout.split())
    assert SLEEP_SECONDS <= slept < MOVED_SECONDS / 2
    assert now > time.time() + MOVED_SECONDS / 2


def test_what_a_killed_process_leaves_behind_is_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for number in (ended.pid, os.getpid()):
        (tmp_path / f"faketime_shm_{number}").touch()
        (tmp_path / f"sem.faketime_sem_{number}").touch()
    remove_shared_memory(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {
        f"faketime_shm_{os.getpid()}",
        f"sem.faketime_sem_{os.getpid()}",
    }


@pytest.mark.slow
def test_a_worker_that_was_killed_is_replaced_and_the_server_ends(tmp_path):
    """Its main process sleeps between the two. As it could not, it neither replaced a worker nor ended: seed 43."""
    data = tmp_path / "data"
    data.mkdir()
    database = start_embedded(data, durable=False)
    environment = set_wall_clock(data, 0)
    try:
        with open_origin(tmp_path / "origin", module=CLOCK_ORIGIN, **environment) as origin:
            server = Server(origin, data, database.url, environment)
            server.start()
            server.wait_until_it_answers()
            wait_for_workers(server)
            first = server.list_workers()
            os.kill(first[0], signal.SIGKILL)
            wait_for_workers(server, without=first[0])
            assert server.stop()
    finally:
        database.stop()


def wait_for_workers(server: Server, *, without: int = 0) -> None:
    give_up_at = time.monotonic() + REPLACED_SECONDS_MAX
    while len(found := server.list_workers()) < WORKERS or without in found:
        assert time.monotonic() < give_up_at, server.log
        time.sleep(0.05)
