"""Owns a real installation in a folder: embedded database, Granian process, and killing either of them.

Does not own the requests or any expectation.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from jobmeter.base.settings import Settings
from jobmeter.database.embedded import EmbeddedServer, start_embedded

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """``keys`` are settings of an installation. Every process it starts, it also ends."""

    def __init__(self, folder: Path, keys: dict[str, str]) -> None:
        self.folder = folder
        self.keys = keys
        self.port = free_port()
        self.database: EmbeddedServer | None = None
        self.server: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_database(self) -> str:
        self.database = start_embedded(self.folder / "data")
        return self.database.url

    def start_server(self) -> None:
        """Starts the server process, and waits until it responds."""
        assert self.database is not None
        settings = Settings(database_url=self.database.url, sandbox=True, chore_interval_ms=50, **self.keys)
        with (self.folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("granian")),
                    *("--interface", "asgi", "--factory", "--workers", "1", "--port", str(self.port)),
                    "jobmeter.app:create_app",
                ],
                env=os.environ | settings.to_environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not self.answers():
            assert time.monotonic() < give_up_at, (self.folder / "server.log").read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            return httpx2.get(f"{self.base_url}/health", timeout=5, verify=False).is_success
        except httpx2.HTTPError:
            return False

    def kill_server(self) -> None:
        """Sends ``kill -9`` to the process and its worker processes."""
        assert self.server is not None
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def kill_database(self) -> None:
        """Sends ``kill -9`` to the postmaster; its children end by themselves."""
        assert self.database is not None
        lock = self.database.folder / "postmaster.pid"
        os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)

    def stop(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.kill_server()
        if self.database is not None:
            self.database.stop()
