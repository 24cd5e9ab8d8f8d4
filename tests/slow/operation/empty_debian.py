"""Owns an empty Debian in a folder, and the packages of this checkout that are installed there. Does not own any expectation."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.support.missing_part import find_programs
from tests.support.paths import ROOT

PINNED = re.compile(r"^[\w.-]+==[^\\\n]+", re.MULTILINE)  # with what it holds for
SUITE, PACKAGES = "bookworm", "python3-venv,ca-certificates"


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.stdout


@contextmanager
def make_debian(folder):
    """A root folder with Debian's least, and Python."""
    if os.geteuid() != 0:
        pytest.skip("only root makes a file system of another Debian")
    (debootstrap,) = find_programs("debootstrap")
    run(debootstrap, "--variant=minbase", f"--include={PACKAGES}", SUITE, folder)
    yield folder
    shutil.rmtree(folder)


def collect_packages(folder, *, extras="server"):
    """The wheel of this checkout, and those that it needs, in the versions of the constraints. Returns the name of the former."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("jobmeter-*.whl")
    # Without their hashes: with one of them pip wants that of the wheel, too.
    versions = folder / "versions.txt"
    versions.write_text("\n".join(PINNED.findall((ROOT / "constraints.txt").read_text())))
    download = ("download", "--quiet", "--dest", folder, "--constraint", versions, "--only-binary", ":all:")
    run(sys.executable, "-m", "pip", *download, f"{wheel}[{extras}]")
    return wheel.name
