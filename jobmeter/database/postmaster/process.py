"""Owns the postmaster of a data folder: creating the files, starting, finding and stopping it.

Does not own when that happens, or what waits for it (``database.embedded``).
"""

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobmeter.database.postmaster.access import SOCKET, find_socket_folder, restrict_access
from jobmeter.database.postmaster.owner import (
    VERSION,
    Owner,
    choose_maker,
    launch_program,
    read_reason,
    run_program,
)

LOCK = "postmaster.pid"
LOG = "log"
READY = "ready"
POLL_SECONDS = 0.02
RECOVERY_SECONDS_MAX = 600
STOP_SECONDS_MAX = 60
NO_PROCESS = 1 << 30  # above every kernel's highest process number
# A server that was killed leaves processes that still end, and with them the memory that it shared.
STILL_ENDING = "pre-existing shared memory block"

CREATION = (
    *("--username", "postgres", "--encoding", "UTF8", "--auth", "peer"),
    # The same order and case of text on every machine, whichever locales it has.
    *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
)
# On the command line, where they override the files: access never depends on what an earlier release wrote there.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
}
_LOCALES = re.compile(r"^(lc_(?:messages|monetary|numeric|time)\s*=).*$", re.MULTILINE)


class StillEndingError(OSError):
    """The server cannot start before the processes of a killed one have ended."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server. It accepts connections once ``is_ready``."""

    pid: int
    sockets: Path
    is_ready: bool


def create_files(data: Path, owner: Owner, *, configuration: str, is_durable: bool) -> None:
    """Creates a database in ``data``, which appears only when it is complete."""
    made = data.with_name(f".{data.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    try:
        inner, maker = made / data.name, choose_maker(owner)
        inner.mkdir(mode=0o700)
        maker.hand_over(inner if maker.reads_all else made)
        options = CREATION if is_durable else (*CREATION, "--no-sync")
        run_program(maker, "initdb", [*options, "--pgdata", str(inner)])
        with (inner / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(configuration)
        owner.hand_over(inner)
        inner.replace(data)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def check_version(data: Path) -> None:
    """Raises ``OSError`` if the files are those of another version."""
    found = (data / "PG_VERSION").read_text(encoding="utf-8", errors="replace").strip()
    if found != VERSION:
        raise OSError(
            f"it holds a database of PostgreSQL {found!r}, and the embedded PostgreSQL is {VERSION}: dump it with its "
            "own version, or run that and use --database-url"
        )


def start_postmaster(data: Path, owner: Owner) -> Postmaster:
    """Starts the server and waits until it accepts connections, however long it recovers from a crash.

    Raises ``OSError`` in PostgreSQL's own words.
    """
    if owner.is_other and data.stat().st_uid != owner.user:
        owner.hand_over(data)  # an earlier release ran it as another user
    sockets = find_socket_folder(data, owner)
    _release_dead_locks(data, owner, sockets)
    restrict_access(data, owner)
    _replace_locales(data, owner)
    log = data / LOG
    begun_at = log.stat().st_size if log.exists() else 0
    pid = launch_program(owner, "postgres", _choose_options(data, sockets), log=log)
    give_up_at = time.monotonic() + RECOVERY_SECONDS_MAX
    while time.monotonic() < give_up_at:
        running = read_postmaster(data)
        if running is not None and running.pid == pid and running.is_ready:
            return running
        if not is_running(pid):
            said = log.read_bytes()[begun_at:].decode(errors="replace")
            if STILL_ENDING in said:
                raise StillEndingError(read_reason(said))
            raise OSError(read_reason(said) or "the server ended without a reason")
        time.sleep(POLL_SECONDS)
    raise OSError(f"the server is not ready after {RECOVERY_SECONDS_MAX} seconds; its log is {log}")


def _replace_locales(data: Path, owner: Owner) -> None:
    """An earlier release stored the locale of the user who created the folder; without that locale it did not start."""
    path = data / "postgresql.conf"
    if path.exists():
        configuration = path.read_text(encoding="utf-8", errors="surrogateescape")
        if (neutral := _LOCALES.sub(r"\1 'C'", configuration)) != configuration:
            owner.replace_file(path, neutral)


def _choose_options(data: Path, sockets: Path) -> list[str]:
    folder = str(sockets).replace('"', '""')
    settings = SETTINGS | {"unix_socket_directories": f'"{folder}"'}
    options = ["-D", str(data)]
    for name, value in settings.items():
        options += ["-c", f"{name}={value}"]
    return options


def stop_postmaster(data: Path) -> None:
    """Ends the server as SIGINT does: open transactions are rolled back, and a restart needs no recovery."""
    running = read_postmaster(data)
    if running is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGINT)
    if not wait_until(lambda: not is_running(running.pid), seconds=STOP_SECONDS_MAX):
        raise OSError(f"the server did not stop within {STOP_SECONDS_MAX} seconds; its log is {data / LOG}")
    if running.sockets != data:
        with contextlib.suppress(OSError):
            running.sockets.rmdir()


def read_postmaster(data: Path) -> Postmaster | None:
    """Returns the running server of ``data``. Its lock file is read, so a check costs next to nothing."""
    try:
        lines = (data / LOCK).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    lines += [""] * (8 - len(lines))
    if not lines[0].isdigit() or not is_running(int(lines[0]), folder=lines[1]):
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), is_ready=lines[7].strip() == READY)


def is_running(pid: int, *, folder: str = "") -> bool:
    """Whether the process lives, and serves ``folder``: after a restart of the machine its number may be another's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and belongs to another user
    process = Path("/proc") / str(pid)
    try:
        if (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[
            0
        ] == "Z":
            return False
        words = os.fsdecode((process / "cmdline").read_bytes()).split("\0")
    except OSError:
        return True  # there is no process table to ask
    return not folder or folder in words


def wait_until(holds: Callable[[], bool], *, seconds: float) -> bool:
    give_up_at = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _release_dead_locks(data: Path, owner: Owner, sockets: Path) -> None:
    """Makes the lock files of a dead server name no process: PostgreSQL would take any live process for its server.

    It may be a killed server that nobody reaps (a container without an init), or another program that got its number.
    PostgreSQL then still checks by the shared memory that no backend of the old server is at work.
    """
    lock = data / LOCK
    if not lock.exists():
        return
    _, _, rest = lock.read_text(encoding="utf-8", errors="surrogateescape").partition("\n")
    owner.replace_file(lock, f"{NO_PROCESS}\n{rest}")
    (sockets / f"{SOCKET}.lock").unlink(missing_ok=True)
