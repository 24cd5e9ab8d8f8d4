"""Owns the server under test: Granian in a separate process, as in production, with the process ids of its workers.

Does not own the requests.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

from bench.pooler import through_pooler

START_SECONDS_MAX = 60
CONNECT_ATTEMPTS_MAX = 200
START_PAUSE_SECONDS = 0.1
WORKERS = 2
KILL_SECONDS = 10  # a worker that does not exit by then is killed


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A listening server."""

    port: int
    process_id: int

    def connect(self, share: int) -> http.client.HTTPConnection:
        """Returns a persistent connection to worker number ``share``.

        The kernel assigns a new connection to any worker, and two senders on the same worker would measure half a server.
        """
        for _ in range(CONNECT_ATTEMPTS_MAX):
            worker_ids = self._worker_ids()
            if len(worker_ids) < WORKERS:  # one is still starting
                time.sleep(START_PAUSE_SECONDS)
                continue
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            connection.request("GET", "/health")
            connection.getresponse().read()
            if self._worker_of(connection) == worker_ids[share % WORKERS]:
                return connection
            connection.close()
        raise RuntimeError("no connection was assigned to the requested worker")

    def _worker_ids(self) -> list[int]:
        children = psutil.Process(self.process_id).children()
        return sorted(child.pid for child in children if child.net_connections("tcp"))

    def _worker_of(self, connection: http.client.HTTPConnection) -> int:
        assert connection.sock is not None
        mine = connection.sock.getsockname()
        for worker_id in self._worker_ids():
            found = psutil.Process(worker_id).net_connections("tcp")
            if any(one.raddr == mine for one in found):
                return worker_id
        return 0


@contextlib.contextmanager
def serve(target: str, environment: Mapping[str, str], *, factory: bool = False) -> Iterator[RunningServer]:
    """Runs the application ``target`` until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--workers", str(WORKERS)]
    command += ["--loop", "uvloop", "--port", str(port), "--log-level", "error"]
    command += ["--workers-kill-timeout", str(KILL_SECONDS), target]
    command += ["--factory"] if factory else []
    with through_pooler(environment) as chosen:
        process = subprocess.Popen(command, env={**os.environ, **chosen})
        try:
            _wait_until_it_answers(port)
            yield RunningServer(port, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            connection.close()
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
        else:
            return
