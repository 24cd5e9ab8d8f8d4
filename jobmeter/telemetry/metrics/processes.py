"""Owns counting together: the folder in which the processes of one server keep what they count, so that any of them can write all of it.

Imported before the library that counts, which decides on its import where to.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "jobmeter-metrics-"  # the number of the process follows
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # of the library
_OF_LIVING = "gauge_live*_*.db"


@contextmanager
def count_together() -> Iterator[None]:
    """Until the block ends, this process and those it starts count into one folder, which begins empty."""
    before = os.environ.get(FOLDER_VARIABLE)
    _sweep_killed()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[FOLDER_VARIABLE]
            else:
                os.environ[FOLDER_VARIABLE] = before


def find_folder() -> Path | None:
    """The folder of this process's server; ``None`` for a process that counts alone."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else None


def drop_states_of_ended(folder: Path) -> None:
    """Deletes the states of processes that have ended; what they counted stays part of the sums."""
    for file in folder.glob(_OF_LIVING):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not _is_running(int(number)):
            file.unlink(missing_ok=True)


def _sweep_killed() -> None:
    """Deletes the folders of servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
