"""Owns what systemd does with the units of deploy/systemd: it holds the listening socket, passes it to each server that it starts, waits
until the server is ready, and ends it with SIGTERM. Does not own any expectation.
"""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deployment.serving import KEYS
from tests.support.server_process import WHOLE

PATIENCE_SECONDS = 60
BACKLOG = 2_048
# A program that becomes the server, with the socket as its descriptor 3, by the convention of systemd.
PASS_ON = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
    " os.execv(sys.argv[2], sys.argv[2:])"
)


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """``reports`` is where servers say that they are ready."""

    listener: socket.socket
    reports: socket.socket
    folder: Path
    database_url: str
    started: list[subprocess.Popen[bytes]]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self, name: str, *, workers: int = 2) -> subprocess.Popen[bytes]:
        """Starts a server and returns it once it is ready."""
        server = self.launch(name, "serve", "--workers", str(workers))
        self.reports.settimeout(PATIENCE_SECONDS)
        while self.reports.recv(100) != b"READY=1":
            pass
        return server

    def launch(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        passed = self.listener.fileno()
        environment = {"JOBMETER_DATABASE_URL": self.database_url, "LISTEN_FDS": "1"}
        environment["NOTIFY_SOCKET"] = str(self.folder / "notify")
        environment["TMPDIR"] = str(self.folder)
        with self.log_of(name).open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, "-c", PASS_ON, str(passed), *WHOLE, *arguments],
                stdout=log,
                stderr=log,
                env=os.environ | KEYS | environment,
                pass_fds=[passed],
            )
        self.started.append(server)
        return server

    def stop(self, server: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
        """Ends a server, and waits for its end."""
        server.send_signal(number)
        server.wait(PATIENCE_SECONDS)

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextmanager
def manage_services(folder, database_url):
    """Yields a service manager. What it started and did not end is killed."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reports,
    ):
        reports.bind(str(folder / "notify"))
        manager = ServiceManager(
            listener=listener, reports=reports, folder=folder, database_url=database_url, started=[]
        )
        try:
            yield manager
        finally:
            for server in manager.started:
                server.kill()
                server.wait()
