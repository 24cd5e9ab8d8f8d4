"""Owns a sandbox server of two processes on a given database, which is started, killed and ended.

Does not own its database, or who starts it again (``installation``).
"""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.slow.faults.installed.forks import Fork, Origin
from tests.slow.faults.installed.ports import keep_port
from tests.support.server_process import INTERVAL

WORKERS = 2
START_SECONDS_MAX = 90
END_SECONDS_MAX = 40  # more than the server itself gives a worker to end
LOOK_SECONDS = 0.05


class Server:
    """A fork of ``origin``. ``data`` is the folder of its ``partner.json``, which it makes if there is none.

    ``environment`` is added to its own.
    """

    def __init__(
        self, origin: Origin, data: Path, database_url: str, environment: dict[str, str] | None = None
    ) -> None:
        self._origin = origin
        self._kept = keep_port()
        self.port = self._kept.number
        self._data = data
        self._url = database_url
        self._environment = os.environ | INTERVAL | (environment or {})
        self._process: Fork | None = None

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
        command = ["sandbox", "--port", str(self.port), "--workers", str(WORKERS)]
        command += ["--data", str(self._data), "--database-url", self._url]
        self._close()
        self._process = self._origin.start(
            command, folder=self._data, environment=self._environment, log=self._data / "server.log"
        )

    def wait_until_it_answers(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        with httpx2.Client(base_url=self.base_url, timeout=5, verify=False) as client:
            while not _answers(client):
                assert time.monotonic() < give_up_at, f"it does not answer: {self.log[-4_000:]}"
                time.sleep(LOOK_SECONDS)

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.has_ended()

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

    def stop(self) -> bool:
        """Ends it as a service manager does, and kills it if it does not end. Returns whether it ended."""
        self._kept.close()
        if self._process is None:
            return True
        self._process.send_signal(signal.SIGTERM)
        has_ended = self._process.has_ended(END_SECONDS_MAX)
        if not has_ended:
            self._process.send_signal(signal.SIGKILL)
        self._close()
        return has_ended

    def _close(self) -> None:
        """The connection to a fork that has ended has nothing to say any more."""
        if self._process is not None:
            self._process.connection.close()
            self._process = None


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx2.HTTPError:
        return False
