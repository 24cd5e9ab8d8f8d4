"""Owns what happens when a machine lacks a part that a test uses: one line and a skip, or a failure where CI runs."""

import os
import shutil
from typing import NoReturn

import pytest


def report_missing(part: str) -> NoReturn:
    """Skips the test; with ``CI=true`` fails it, because CI installs every part (``make system``)."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI lacks {part}; does it run `make system`?")
    pytest.skip(f"this machine lacks {part}; `make system` installs what tests can use")


def find_programs(*names: str) -> list[str]:
    """The paths of the programs; if one is not installed, the test is skipped (``report_missing``)."""
    found = {name: shutil.which(name) for name in names}
    lacking = [name for name, path in found.items() if path is None]
    return [path for path in found.values() if path] if not lacking else report_missing(" and ".join(lacking))
