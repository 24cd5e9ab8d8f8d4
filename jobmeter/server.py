"""Owns running the server: the database it needs, the Granian processes, telling when it listens.

Does not own the application (``app``) or the commands (``cli``).
"""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from jobmeter.base.settings import Settings
from jobmeter.store.embedded import start_embedded

LISTEN_SECONDS_MAX = 60
SPAWN_POLL_SECONDS = 0.02
BACKLOG = 2_048
STOP_SECONDS_MAX = 20  # for what a worker still answers when it is told to stop


@contextlib.contextmanager
def open_database(data: Path, database_url: str) -> Iterator[str]:
    """The URL of the operator's database, or of the embedded one of ``data``, which runs until the block ends.

    Raises ``DatabaseUnusable``.
    """
    if database_url:
        yield database_url
        return
    server = start_embedded(data)
    try:
        yield server.url
    finally:
        server.stop()


def run_server(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    when_listening: Callable[[str], None],
) -> None:
    """Serves until interrupted. Calls ``when_listening`` once with the base URL, from a thread of its own.

    With several workers the first to take a chore does it; the others find it done. Raises ``OSError`` when
    the address is taken.
    """
    chosen_port = _reserve_port(host, port)
    base_url = f"http://{host}:{chosen_port}"
    os.environ.update(replace(settings, base_url=settings.base_url or base_url).to_environment())
    server = Server(
        "jobmeter.app:create_app",
        address=host,
        port=chosen_port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        workers_kill_timeout=STOP_SECONDS_MAX,
        log_level=LogLevels.warning,
    )

    threading.Thread(
        target=announce,
        args=(base_url, when_listening),
        kwargs={"are_forked": lambda: len(server.wrks) == workers},
        daemon=True,
    ).start()
    server.serve()


def _reserve_port(host: str, port: int) -> int:
    """The port itself, or a free one for 0; fails here, in one line, rather than in a worker."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def announce(base_url: str, when_listening: Callable[[str], None], *, are_forked: Callable[[], bool]) -> None:
    """Calls ``when_listening`` once the server answers; begins to ask when all workers are there.

    A worker is a fork of this process: a lock that this thread held at that moment, that of an import say,
    would stay held in the worker for ever.
    """
    give_up_at = time.monotonic() + LISTEN_SECONDS_MAX
    while not are_forked() and time.monotonic() < give_up_at:
        time.sleep(SPAWN_POLL_SECONDS)
    while time.monotonic() < give_up_at:
        try:
            if httpx2.get(f"{base_url}/health", timeout=5).is_success:
                when_listening(base_url)
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    logging.getLogger("jobmeter").error("the server does not answer at %s", base_url)
