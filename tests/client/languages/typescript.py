"""Owns the client for TypeScript as its users build it: in a folder of its own by the commands of ``make typescript``.

Does not own any expectation.
"""

import shutil
import subprocess
from pathlib import Path

from jobmeter.cli.server.reference import encode_document
from tests.support.missing_part import find_programs, report_missing
from tests.support.paths import ROOT

SOURCES = ROOT / "clients" / "typescript"
SECONDS_MAX = 400
MADE = ("node_modules", "dist", "generated", "openapi.json")


def build_client(folder: Path) -> Path:
    """Returns the folder with the built client; without node, npm or the packages the test is skipped."""
    find_programs("node", "npm")
    # Beside what it reads in the checkout, which is linked.
    checkout = folder / "checkout"
    place = checkout / "clients" / "typescript"
    shutil.copytree(SOURCES, place, ignore=shutil.ignore_patterns(*MADE))
    (checkout / "tests").symlink_to(ROOT / "tests")
    (folder / "shared").symlink_to(ROOT.parent / "shared")
    (place / "openapi.json").write_bytes(encode_document())
    installed = run_npm(place, "ci", "--no-audit", "--no-fund")
    if installed.returncode:
        report_missing(f"the packages of the TypeScript client: {installed.stderr[-300:]}")
    built = run_npm(place, "run", "build")
    assert built.returncode == 0, built.stdout + built.stderr
    return place


def run_npm(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", *words], cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
