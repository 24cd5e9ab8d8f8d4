"""Owns the installation that a round breaks: a data folder, its PostgreSQL, a server, and the networks between them.

What a service manager does in production is done here too: what has ended is started again. Does not own breaking it (``nemesis``).
"""

import contextlib
import os
import signal
import socket
import threading
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import EmbeddedServer, start_embedded
from jobmeter.database.postmaster.access import SOCKET, make_url
from jobmeter.database.postmaster.process import LOCK, is_running, wait_until
from tests.slow.faults.installed.forks import Origin
from tests.slow.faults.installed.network import between_clients_and_server, between_server_and_database
from tests.slow.faults.installed.server import LOOK_SECONDS, Server

DATABASE_SECONDS_MAX = 20


class Installation:
    """``data`` is a data folder with a sandbox's ``partner.json``. The server is a fork of ``origin``; ``environment`` is added to its own."""

    def __init__(self, data: Path, origin: Origin, *, environment: dict[str, str]) -> None:
        self.data = data
        self.database: EmbeddedServer = start_embedded(data)
        sockets, listening = data / "network", socket.create_server(("127.0.0.1", 0))
        sockets.mkdir()
        self.server = Server(origin, data, make_url(sockets), environment)
        database_socket = Path(str(conninfo_to_dict(self.database.url)["host"])) / SOCKET
        self.inner = between_server_and_database(sockets / SOCKET, database_socket)
        self.outer = between_clients_and_server(listening, self.server.port)
        # Where clients reach the server: through a network that fails.
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._is_over = threading.Event()
        self._care = threading.Thread(target=self._take_care, daemon=True)

    def start(self) -> None:
        """Starts networks and server, and restarts from now on what ends. Does not wait until it responds."""
        self.inner.start()
        self.outer.start()
        self.server.start()
        self._care.start()

    def _take_care(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            if self.server.has_ended:
                self.server.start()
            if not self.database.is_running():
                try:
                    self.database.start_again()
                except DatabaseUnusable:
                    continue  # its disk is full, say

    @property
    def postmaster(self) -> int:
        """The process of PostgreSQL, 0 while there is none."""
        try:
            return int((self.database.folder / LOCK).read_text().split()[0])
        except (OSError, IndexError, ValueError):
            return 0

    def stop(self) -> bool:
        """Ends the server, and returns whether it ended in time. The database runs on."""
        self._is_over.set()
        if self._care.is_alive():
            self._care.join()
        has_ended = self.server.stop()
        self.inner.close()
        self.outer.close()
        return has_ended

    def stop_database(self) -> None:
        """At once, because nobody needs what it has not written; it gives its shared memory back."""
        if pid := self.postmaster:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
            wait_until(lambda: not is_running(pid), seconds=DATABASE_SECONDS_MAX)
