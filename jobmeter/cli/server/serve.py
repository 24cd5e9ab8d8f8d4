"""Owns running the server: its database, its Granian processes, and reporting that it is ready.

Does not own the application (``app``) or the commands (``main``).
"""

import asyncio
import contextlib
import gc
import getpass
import importlib
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from jobmeter.api.shutdown import WorkerProcess
from jobmeter.audit.model import Actor, ActorKind, Door
from jobmeter.base.settings import Settings
from jobmeter.database.connection import DatabaseUnusable
from jobmeter.database.embedded import EmbeddedServer, has_database, start_embedded
from jobmeter.database.pool import upgrade_database
from jobmeter.operations.handover import HandingOverServer, Listener, notify_manager
from jobmeter.telemetry.logs.formats import configure_server, show_log

APPLICATION = "jobmeter.app:create_app"
LISTEN_SECONDS_MAX = 60
SPAWN_POLL_SECONDS = 0.02
HEALTH_SECONDS_MAX = 5
BACKLOG = 2_048
STOP_SECONDS_MAX = 20  # for the requests that a worker is still processing when it is stopped
WATCH_SECONDS = 2

HEADER_SECONDS_MAX = 15  # for the head of a request; an idle connection is closed after it, too

log = logging.getLogger("jobmeter")


@dataclass(frozen=True, slots=True)
class StartCount:
    """Counts over a pipe the workers that can serve, which inherit it. A semaphore would be in a folder that not everybody may write to."""

    ends: tuple[int, int] = field(default_factory=os.pipe)

    def __post_init__(self) -> None:
        os.set_blocking(self.ends[1], False)

    def add_one(self) -> None:
        # Workers that replace others are not waited for: nobody reads what they write.
        with contextlib.suppress(BlockingIOError):
            os.write(self.ends[1], b".")

    def has_reached(self, number: int, *, seconds_max: float) -> bool:
        """Waits that long for each of the workers."""
        for _ in range(number):
            if not select.select([self.ends[0]], [], [], seconds_max)[0]:
                return False
            os.read(self.ends[0], 1)
        return True


@contextlib.contextmanager
def open_database(data: Path, database_url: str, *, must_exist: bool = False) -> Iterator[str]:
    """Yields the URL of the given database, or of the embedded one in ``data``, which runs until the block ends.

    With ``must_exist`` it is not created: checking the laws of an empty database would succeed. Raises ``DatabaseUnusable``.
    """
    if database_url:
        yield database_url
        return
    if must_exist and not has_database(data):
        raise DatabaseUnusable(f"There is no database in {data}: specify it with --data or --database-url")
    server = start_embedded(data)
    try:
        yield server.url
    finally:
        server.stop()


@contextlib.contextmanager
def run_database(data: Path, database_url: str, direct_url: str = "") -> Iterator[str]:
    """Yields as ``open_database`` the URL of a server's database, whose schema is current, with the application imported.

    ``direct_url`` leads past a pooler that ``database_url`` is the URL of.
    The embedded database is restarted if it dies, for example because it was killed or its disk is full. Raises
    ``DatabaseUnusable``.
    """
    if database_url:
        load_application()
        asyncio.run(upgrade_database(direct_url or database_url))
        yield database_url
        return
    server = _start_beside(data, load_application)
    is_over = threading.Event()
    watch = threading.Thread(target=keep_running, args=(server, is_over), daemon=True)
    watch.start()
    try:
        yield server.url
    finally:
        is_over.set()
        watch.join()
        server.stop()


def load_application() -> None:
    """Imports what the workers, which are forks of this process, run.

    Modules and classes are never garbage: collections would find nothing among them, neither now nor in the workers.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module(APPLICATION.partition(":")[0])
    finally:
        if collects:
            gc.enable()
    gc.freeze()


def _start_beside(data: Path, load: Callable[[], None]) -> EmbeddedServer:
    """Starts the database while ``load`` runs: the one takes as long as the other, on a core of its own."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        starting = beside.submit(_start_current, data)
        try:
            load()
            return starting.result()
        except BaseException:
            with contextlib.suppress(Exception):
                starting.result().stop()
            raise


def _start_current(data: Path) -> EmbeddedServer:
    """Starts the database and upgrades its schema."""
    server = start_embedded(data)
    try:
        asyncio.run(upgrade_database(server.url))
    except BaseException:
        server.stop()
        raise
    return server


def make_actor() -> Actor:
    """The user of the machine who runs a command, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = f"user {os.getuid()}"
    return Actor(kind=ActorKind.COMMAND, door=Door.COMMAND, name=name)


def keep_running(server: EmbeddedServer, is_over: threading.Event) -> None:
    """Restarts the database whenever it has died, until ``is_over``. Logs each new reason why it cannot be restarted."""
    last_reason = ""
    while not is_over.wait(WATCH_SECONDS):
        if server.is_running():
            continue
        if not last_reason:
            log.error("the embedded database has died; restarting it")
        try:
            server.start_again()
        except DatabaseUnusable as error:
            if str(error) != last_reason:
                log.error("%s", error)  # noqa: TRY400 -- the message is enough, without a traceback
            last_reason = str(error)
        else:
            log.warning("the embedded database is running again")
            last_reason = ""


def run_server(
    settings: Settings,
    *,
    host: str,
    address: str,
    port: int,
    workers: int,
    when_listening: Callable[[str], None],
    listener: Listener | None = None,
) -> None:
    """Serves ``address``, which is that of ``host``, until interrupted. Calls ``when_listening`` once with the base URL, from a separate thread.

    With several workers, the first to claim a chore runs it. A worker that dies is replaced. What would prevent
    workers from starting is found before: an invalid setting (``settings``), a database that cannot be used (``run_database``).
    With a ``listener`` other servers may listen at the same address, and end without a failed request.
    """
    show_log(settings.log_format, has_answers=settings.access_log)
    base_url = f"http://{write_host(host)}:{port}"
    os.environ.update(replace(settings, base_url=settings.base_url or base_url).to_environment())
    started = StartCount()
    process = WorkerProcess(
        port=port,
        listener=None if listener is None else listener.descriptor,
        when_started=started.add_one,
    )
    server = make_server(
        address,
        port,
        listener=listener,
        workers=workers,
        log_format=settings.log_format,
        hands_over=not settings.sandbox,  # whose clients are on this machine, and its people wait for its end
    )

    def report(base_url: str) -> None:
        # At a shared socket another server may have responded.
        expected = 0 if listener is None else workers
        if not started.has_reached(expected, seconds_max=LISTEN_SECONDS_MAX):
            log.error("the workers have not started")
            return
        when_listening(base_url)
        notify_manager("READY=1")

    threading.Thread(
        target=announce,
        args=(base_url, report),
        kwargs={"are_forked": lambda: len(server.wrks) == workers},
        daemon=True,
    ).start()
    server.serve(target_loader=partial(make_worker_app, process), wrap_loader=False)


def make_server(
    address: str, port: int, *, listener: Listener | None, workers: int, log_format: str, hands_over: bool
) -> HandingOverServer:
    return HandingOverServer(
        APPLICATION,
        listener=listener,
        hands_over=hands_over,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,  # the wait for the first bytes, which decide between 1 and 2, has no limit
        backlog=BACKLOG,
        backpressure=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS_MAX * 1_000),
        log_dictconfig=configure_server(log_format),
        workers_kill_timeout=STOP_SECONDS_MAX,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )


def make_worker_app(process: WorkerProcess) -> Any:
    """Makes the application in a worker; ``load_application`` has imported it before the fork."""
    module, _, name = APPLICATION.partition(":")
    return getattr(importlib.import_module(module), name)(process=process)


def reserve_address(host: str, port: int) -> tuple[str, int]:
    """Returns the numeric address of the host, and the port, or a free one for 0.

    Fails with one line, before the database is started, not in a worker. A name may have several addresses; the first is used.
    """
    try:
        if not host:  # which would be every address of the machine
            raise OSError("the host is empty")
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            found = probe.getsockname()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(f"cannot listen at {write_host(host)}:{port}: {reason}") from error
    return str(found[0]), int(found[1])


def write_host(host: str) -> str:
    """Returns the host as it is written in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def announce(base_url: str, when_listening: Callable[[str], None], *, are_forked: Callable[[], bool]) -> None:
    """Calls ``when_listening`` once the server responds; sends requests only after all workers have been forked.

    A worker is a fork of this process: a lock that this thread held at that moment, for example the import lock,
    would remain locked in the worker forever.
    """
    give_up_at = time.monotonic() + LISTEN_SECONDS_MAX
    while not are_forked() and time.monotonic() < give_up_at:
        time.sleep(SPAWN_POLL_SECONDS)
    while time.monotonic() < give_up_at:
        if _responds(base_url):
            when_listening(base_url)
            return
        time.sleep(SPAWN_POLL_SECONDS)
    logging.getLogger("jobmeter").error("the server does not respond at %s", base_url)


def _responds(base_url: str) -> bool:
    """The server is on this machine, and speaks HTTP alone: a proxy of the environment could not reach it, and the library
    for clients would read the certificates of the world before its first request.
    """
    parts = urlsplit(base_url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=HEALTH_SECONDS_MAX)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
