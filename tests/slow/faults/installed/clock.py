"""Owns the wall clock of an installation, which a round moves: processes see it through libfaketime.

Does not own when it moves (``nemesis``).
"""

import select
import time
from pathlib import Path

import psutil

SHARED_MEMORY = Path("/dev/shm")
FAKE_TIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
FAKE_TIME_PACKAGE = "faketime"
CLOCK_ORIGIN = (
    "tests.slow.faults.installed.clock_origin"  # the module of a process whose forks it is the clock of
)


def set_wall_clock(data: Path, seconds: float) -> dict[str, str]:
    """Moves the clock of processes with the environment that is returned, also of those that run already."""
    file, new = data / "wall-clock", data / "wall-clock.new"
    new.write_text(f"{seconds:+.3f}\n")
    new.replace(file)
    return {
        "LD_PRELOAD": str(FAKE_TIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def remove_shared_memory(folder: Path = SHARED_MEMORY) -> None:
    """Removes what libfaketime shares between processes of an installation: one that is killed leaves it behind."""
    for kind in ("faketime_shm_", "sem.faketime_sem_"):
        for path in folder.glob(f"{kind}*"):
            number = path.name.removeprefix(kind)
            if number.isdigit() and not psutil.pid_exists(int(number)):
                path.unlink(missing_ok=True)


def make_sleep_work() -> None:
    """Python sleeps until a moment of the monotonic clock. From that moment libfaketime 0.9.10 subtracts the wall clock, although the
    monotonic one is not its own here, and every ``time.sleep`` fails at once with EINVAL. Waiting for no file has no such moment.
    """
    time.sleep = _sleep


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)
