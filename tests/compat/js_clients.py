"""Owns the JavaScript clients of the compatibility tests: installed from their lock file, driven by a script.

Does not own any expectation.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.missing_part import find_programs, report_missing

SOURCES = Path(__file__).with_name("js")
INSTALL_SECONDS_MAX = 240
DRIVE_SECONDS_MAX = 120


def install_clients(folder: Path) -> Path:
    """Returns the folder with the clients and the drivers; without node the test is skipped."""
    find_programs("node", "npm")
    for source in SOURCES.iterdir():
        shutil.copy(source, folder / source.name)
    installed = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        timeout=INSTALL_SECONDS_MAX,
        check=False,
    )
    if installed.returncode:
        report_missing(
            f"the JavaScript clients, which could not be installed: {installed.stderr.decode()[-300:]}"
        )
    return folder


def drive(driver: Path, content: dict[str, Any], verb: str) -> Any:
    """Runs the driver's ``verb`` with ``content`` as input and returns its output."""
    path = driver.with_name("input.json")
    path.write_text(json.dumps(content))
    done = subprocess.run(
        ["node", str(driver), str(path), verb], capture_output=True, timeout=DRIVE_SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)
