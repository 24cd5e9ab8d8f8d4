"""Owns the faults: what each does to an installation, how it is ended, and which of them a seed chooses.

Does not own what is expected of the installation meanwhile.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from tests.slow.faults.installed.clock import set_wall_clock
from tests.slow.faults.installed.installation import Installation

DISK_BYTES = 700_000_000  # of a disk that becomes full
PAUSE_SECONDS = (0.3, 2.0)
DELAY_SECONDS = (0.02, 0.3)
CLOCK_SECONDS = (-240, 240)  # within the tolerance of an event's time
BEFORE_SECONDS = (0.2, 1.0)
FILLING = "filling"


@dataclass(frozen=True)
class Fault:
    """``strike`` breaks something and returns how to end that. ``needs`` is what a round has to be prepared for."""

    name: str
    strike: Callable[[Installation, Random], Callable[[], None]]
    needs: str = ""


def _nothing() -> None:
    pass


def _kill(pid: int) -> None:
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_worker(installation: Installation, rng: Random) -> Callable[[], None]:
    workers = installation.server.list_workers()
    _kill(rng.choice(workers) if workers else 0)
    return _nothing


def kill_server(installation: Installation, _: Random) -> Callable[[], None]:
    _kill(installation.server.main_process)
    return _nothing


def kill_database(installation: Installation, _: Random) -> Callable[[], None]:
    _kill(installation.postmaster)
    return _nothing


def kill_session(installation: Installation, rng: Random) -> Callable[[], None]:
    """One process of PostgreSQL: it then ends all sessions, and recovers."""
    with contextlib.suppress(psutil.Error):
        sessions = psutil.Process(installation.postmaster).children()
        _kill(rng.choice(sessions).pid if sessions else 0)
    return _nothing


def kill_everything(installation: Installation, _: Random) -> Callable[[], None]:
    """As a power failure does, but for what the disk has not written."""
    _kill(installation.postmaster)
    _kill(installation.server.main_process)
    return _nothing


def drop_clients(installation: Installation, _: Random) -> Callable[[], None]:
    installation.outer.drop_all()
    return _nothing


def drop_database_connections(installation: Installation, _: Random) -> Callable[[], None]:
    installation.inner.drop_all()
    return _nothing


def swallow_answers(installation: Installation, _: Random) -> Callable[[], None]:
    """The server carries out what it is asked, and nobody receives the response."""
    installation.outer.weather.swallows_answers = True
    return lambda: setattr(installation.outer.weather, "swallows_answers", False)


def swallow_results(installation: Installation, _: Random) -> Callable[[], None]:
    """The database commits, and the server does not receive the result."""
    installation.inner.weather.swallows_answers = True
    return lambda: setattr(installation.inner.weather, "swallows_answers", False)


def delay_clients(installation: Installation, rng: Random) -> Callable[[], None]:
    installation.outer.weather.delay_seconds = rng.uniform(*DELAY_SECONDS)
    return lambda: setattr(installation.outer.weather, "delay_seconds", 0.0)


def delay_database(installation: Installation, rng: Random) -> Callable[[], None]:
    installation.inner.weather.delay_seconds = rng.uniform(*DELAY_SECONDS) / 5
    return lambda: setattr(installation.inner.weather, "delay_seconds", 0.0)


def _pause(pids: list[int]) -> Callable[[], None]:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)

    def continue_all() -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    return continue_all


def pause_worker(installation: Installation, rng: Random) -> Callable[[], None]:
    workers = installation.server.list_workers()
    return _pause([rng.choice(workers)] if workers else [])


def pause_database(installation: Installation, _: Random) -> Callable[[], None]:
    try:
        postmaster = psutil.Process(installation.postmaster)
        return _pause([postmaster.pid, *(child.pid for child in postmaster.children())])
    except psutil.Error:
        return _nothing


def fill_disk(installation: Installation, _: Random) -> Callable[[], None]:
    """Nothing more can be written into the data folder, which is a disk of its own."""
    path = installation.data / FILLING
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    return lambda: path.unlink(missing_ok=True)


def move_wall_clock(installation: Installation, rng: Random) -> Callable[[], None]:
    """The machine's clock jumps, forwards or backwards, for the server's processes; it stays there."""
    set_wall_clock(installation.data, rng.uniform(*CLOCK_SECONDS))
    return _nothing


DISK, CLOCK = "a disk of its own", "a movable wall clock"
FAULTS = (
    Fault("worker killed", kill_worker),
    Fault("main process killed", kill_server),
    Fault("database killed", kill_database),
    Fault("database session killed", kill_session),
    Fault("everything killed", kill_everything),
    Fault("client connections dropped", drop_clients),
    Fault("database connections dropped", drop_database_connections),
    Fault("responses lost", swallow_answers),
    Fault("database results lost", swallow_results),
    Fault("client network slow", delay_clients),
    Fault("database network slow", delay_database),
    Fault("worker paused", pause_worker),
    Fault("database paused", pause_database),
    Fault("disk full", fill_disk, DISK),
    Fault("wall clock moved", move_wall_clock, CLOCK),
)
MIGRATION_KILL = "killed while migrating"
NAMES = (*(fault.name for fault in FAULTS), MIGRATION_KILL)


@dataclass(frozen=True)
class Struck:
    """A fault of a round: when it was there, in seconds of the monotonic clock."""

    name: str
    began_at: float
    ended_at: float


def choose_faults(rng: Random, available: set[str], count: int) -> list[Fault]:
    """Those whose needs a round meets; what it was prepared for comes for certain."""
    possible = [fault for fault in FAULTS if not fault.needs or fault.needs in available]
    wanted = [fault for fault in possible if fault.needs]
    chosen = wanted + rng.sample([fault for fault in possible if not fault.needs], count - len(wanted))
    rng.shuffle(chosen)
    return chosen


def strike(installation: Installation, fault: Fault, rng: Random) -> Struck:
    """Waits a moment of the seed, breaks, and repairs it after another."""
    time.sleep(rng.uniform(*BEFORE_SECONDS))
    began_at = time.monotonic()
    end = fault.strike(installation, rng)
    if end is not _nothing:
        time.sleep(rng.uniform(*PAUSE_SECONDS))
        end()
    return Struck(fault.name, began_at, time.monotonic())


def mount_disk(folder: Path, bytes_max: int = DISK_BYTES) -> bool:
    """Whether a small disk in memory could be mounted there."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={bytes_max}", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount_disk(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
