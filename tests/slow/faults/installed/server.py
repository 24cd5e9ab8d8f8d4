"""Owns a sandbox server of two processes on a given database, which is started, killed and ended.

Does not own its database, or who starts it again (``installation``).
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.slow.crash.installation import free_port
from tests.support.server_process import INTERVAL, WHOLE

WORKERS = 2
START_SECONDS_MAX = 90
LOOK_SECONDS = 0.1


class Server:
    """``data`` is the folder of its ``partner.json``, which it makes if there is none. ``environment`` is added to its own."""

    def __init__(self, data: Path, database_url: str, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._data = data
        self._url = database_url
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, Any]:
        return dict(json.loads((self._data / "partner.json").read_text()))

    @property
    def log(self) -> str:
        path = self._data / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Does not wait until it responds."""
        command = [*WHOLE, "sandbox", "--port", str(self.port), "--workers", str(WORKERS)]
        command += ["--data", str(self._data), "--database-url", self._url]
        with (self._data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | INTERVAL | self._environment, stdout=log, stderr=log
            )

    def wait_until_it_answers(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            assert time.monotonic() < give_up_at, self.log[-4_000:]
            time.sleep(LOOK_SECONDS)

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"{self.base_url}/readyz", timeout=5).is_success
        except httpx2.HTTPError:
            return False

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    @property
    def main_process(self) -> int:
        assert self._process is not None
        return self._process.pid

    def list_workers(self) -> list[int]:
        """The processes that answer requests; none while the server starts."""
        try:
            children = psutil.Process(self.main_process).children()
            return sorted(child.pid for child in children if child.net_connections("tcp"))
        except psutil.Error:
            return []

    def stop(self) -> None:
        """Ends it as a service manager does, and kills it if it does not end."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
