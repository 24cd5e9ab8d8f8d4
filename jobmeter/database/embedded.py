"""Owns the embedded PostgreSQL server: starts it for a data folder, shares it, stops it with the last user.

Does not own its process (``database.postmaster``), a server that the operator runs (``--database-url``) or anything
inside the database.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from jobmeter.database.connection import CONNECT_SECONDS, DatabaseUnusable
from jobmeter.database.outages import read_first_line
from jobmeter.database.postmaster import owner as owners
from jobmeter.database.postmaster.access import drop_client_settings, make_url
from jobmeter.database.postmaster.owner import Owner, choose_owner
from jobmeter.database.postmaster.process import (
    RECOVERY_SECONDS_MAX,
    StillEndingError,
    check_version,
    create_files,
    is_running,
    read_postmaster,
    start_postmaster,
    stop_postmaster,
)

CONFIGURATION = """
# Jobmeter: room for batches of events, and fewer checkpoints while they pour in.
shared_buffers = '512MB'
max_connections = 120
max_wal_size = '4GB'
checkpoint_timeout = '15min'
"""
NEW_DATABASE_BYTES_MIN = 100_000_000
REFUSED_SECONDS_MAX = 20
POLL_SECONDS = 0.1

NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: ``url`` connects to it. ``stop`` ends it unless another process still uses it."""

    url: str
    folder: Path
    use: "SharedUse"

    def is_running(self) -> bool:
        return read_postmaster(self.folder) is not None

    def start_again(self) -> None:
        """After it died. Raises ``DatabaseUnusable`` as ``start_embedded`` does."""
        try:
            with _turn(self.folder):
                _start_and_reach(self.folder, choose_owner(self.folder))
        except (OSError, psycopg.Error) as error:
            raise DatabaseUnusable(
                f"Cannot start the database of {self.folder}: {read_first_line(error)}"
            ) from error

    def stop(self) -> None:
        with _turn(self.folder):
            _leave(self.folder, self.use)


class SharedUse:
    """One use of a data folder: a shared lock, which the kernel releases when the last process that holds it ends.

    Worker processes inherit it, so the server is never stopped while one of them is left over.
    """

    def __init__(self, data: Path) -> None:
        self._path = data.with_name(f".{data.name}.users")
        self._descriptor = _open_lock(self._path)
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def end(self) -> bool:
        """Returns whether this was the last use."""
        if self._descriptor < 0:
            return False
        os.close(self._descriptor)
        self._descriptor = -1
        probe = _open_lock(self._path)
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(probe)
        return not any(is_running(pid) for pid in self._read_former_uses())

    def _read_former_uses(self) -> list[int]:
        """Processes of an earlier release that use the server: they list themselves in a file."""
        users = self._path.with_name("postgresql") / ".handle_pids.json"
        try:
            return [pid for pid in json.loads(users.read_text() or "[]") if pid != os.getpid()]
        except OSError:
            return []


def has_database(folder: Path) -> bool:
    return (folder.expanduser() / "postgresql" / "PG_VERSION").exists()


def find_running_url(folder: Path) -> str | None:
    """The URL of the server that runs for ``folder``, which a caller does not keep running."""
    running = read_postmaster(folder.expanduser().resolve() / "postgresql")
    return None if running is None else make_url(running.sockets)


def find_program(name: str) -> Path:
    """A program of the embedded PostgreSQL, such as ``psql`` or ``pg_dump``: of the server's own version."""
    return owners.find_program(name)


def start_embedded(folder: Path, *, durable: bool = True) -> EmbeddedServer:
    """Starts, recovers or joins the server of ``folder``, creating it when it is new.

    ``durable=False`` is for tests alone. Raises ``DatabaseUnusable`` with one clear line when the folder
    cannot be used (read-only, full, of another PostgreSQL version, not ours).
    """
    data = folder.expanduser().resolve() / "postgresql"
    drop_client_settings()
    try:
        _prepare_folder(data)
        with _turn(data):
            owner = choose_owner(data)
            if not (data / "PG_VERSION").exists():
                _prove_room(data)
                configuration = CONFIGURATION if durable else CONFIGURATION + NOT_DURABLE
                create_files(data, owner, configuration=configuration, is_durable=durable)
            check_version(data)
            use = SharedUse(data)
            try:
                return EmbeddedServer(make_url(_start_and_reach(data, owner)), data, use)
            except Exception:
                _leave(data, use)
                raise
    except (OSError, psycopg.Error) as error:
        raise DatabaseUnusable(f"Cannot use the data folder {folder}: {read_first_line(error)}") from error


def _leave(data: Path, use: SharedUse) -> None:
    if use.end():
        stop_postmaster(data)


@contextlib.contextmanager
def _turn(data: Path) -> Iterator[None]:
    """Only one process at a time starts or stops the server of a folder."""
    lock = _open_lock(data.with_name(f".{data.name}.lock"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    """Opens a lock file, which belongs to the owner of its folder even if root was the first to need it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == owners.ROOT:
        folder = path.parent.stat()
        os.fchown(lock, folder.st_uid, folder.st_gid)
    return lock


def _prepare_folder(data: Path) -> None:
    if "\n" in str(data):
        raise OSError("its path contains a line break, which PostgreSQL cannot store")
    data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = data.parent / ".writable"
    probe.write_bytes(b"\0" * 4096)
    probe.unlink()


def _prove_room(data: Path) -> None:
    if data.exists() and any(data.iterdir()):
        raise OSError(f"{data} holds files but no PostgreSQL database")
    free = shutil.disk_usage(data.parent).free
    if free < NEW_DATABASE_BYTES_MIN:
        raise OSError(
            f"{free // 1_000_000} MB are free, a new database needs {NEW_DATABASE_BYTES_MIN // 1_000_000}"
        )


def _start_and_reach(data: Path, owner: Owner) -> Path:
    """Returns the folder of the server's socket once it accepts connections.

    A postmaster that was killed and is still ending, or one that is shutting down, counts as running but refuses
    connections; one that another process started may still be recovering from a crash.
    """
    begun_at = time.monotonic()
    while True:
        running = read_postmaster(data)
        try:
            if running is None:
                running = start_postmaster(data, owner)
            psycopg.connect(make_url(running.sockets), connect_timeout=CONNECT_SECONDS).close()
        except (psycopg.OperationalError, StillEndingError):
            is_recovering = running is not None and not running.is_ready
            if time.monotonic() - begun_at > (RECOVERY_SECONDS_MAX if is_recovering else REFUSED_SECONDS_MAX):
                raise
            time.sleep(POLL_SECONDS)
        else:
            return running.sockets
