"""Owns the figures of the start: a sandbox from nothing, and with the folder of an earlier one, until it says that it listens.

Does not own what it does meanwhile (``jobmeter.cli.server``).
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench.machine import Machine
from bench.measurement import Measured, Sizes

LISTENS = "is listening at"
STOP_SECONDS_MAX = 60
SETTINGS = "JOBMETER_"
COMPILES_NEVER = "PYTHONDONTWRITEBYTECODE"


def time_start(data: Path) -> float:
    """Returns the seconds until the sandbox of ``data`` listens, and ends it."""
    command = [sys.executable, "-m", "jobmeter", "sandbox", "--data", str(data), "--port", "0"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_choose_environment()) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS_MAX)
    if LISTENS not in line:
        raise RuntimeError(f"the sandbox did not start: {line!r}")
    return seconds


def _choose_environment() -> dict[str, str]:
    """Without the caller's settings of servers, and with modules that are compiled once, as an installation does."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(SETTINGS) and name != COMPILES_NEVER
    }


def measure_start(_: Machine, sizes: Sizes, __: datetime) -> dict[str, Measured]:
    """Measures the start from nothing and the next one of the same folder, in seconds, after a warm-up."""
    new, again = [], []
    with tempfile.TemporaryDirectory(prefix="jobmeter-bench-") as name:
        for run in range(sizes.runs + 1):
            new.append(time_start(Path(name) / str(run)))
            again.append(time_start(Path(name) / str(run)))
    return {"sandbox_start": Measured(tuple(new[1:])), "sandbox_start_again": Measured(tuple(again[1:]))}
