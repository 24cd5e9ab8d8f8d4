"""Owns the wall clock of an installation, which a round moves: processes see it through libfaketime.

Does not own when it moves (``nemesis``).
"""

from pathlib import Path

FAKE_TIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
FAKE_TIME_PACKAGE = "faketime"


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
