"""``make dev``: the sandbox restarts when the code changes, survives a syntax error, and stops cleanly."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.paths import ROOT

WAIT_SECONDS_MAX = 90

pytestmark = pytest.mark.slow


def read_recipe(data):
    """Returns the command of the make target, with this installation's programs, a free port and a separate folder."""
    printed = subprocess.run(
        ["make", "-n", "dev"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    (line,) = [line for line in printed if "watchfiles" in line]
    programs = Path(sys.executable).parent
    line = line.replace(".venv/bin", str(programs)).replace(
        "jobmeter sandbox", f"jobmeter sandbox --port 0 --data {data}"
    )
    return shlex.split(line)


def wait_for(log, text, count):
    give_up_at = time.monotonic() + WAIT_SECONDS_MAX
    while log.read_text().count(text) < count:
        assert time.monotonic() < give_up_at, log.read_text()
        time.sleep(0.05)


def test_the_sandbox_restarts_with_the_code(tmp_path):
    data, log = tmp_path / "data", tmp_path / "log"
    shutil.copytree(ROOT / "jobmeter", tmp_path / "jobmeter", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "jobmeter/base/limits.py"
    sound = changed.read_text()
    with log.open("wb") as output:
        watcher = subprocess.Popen(
            read_recipe(data),
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
        )
    try:
        wait_for(log, "The sandbox is listening", 1)
        changed.write_text(f"{sound}\n# changed\n")
        wait_for(log, "The sandbox is listening", 2)
        changed.write_text("def (")
        wait_for(log, "SyntaxError", 1)
        changed.write_text(sound)
        wait_for(log, "The sandbox is listening", 3)
        assert (data / "postgresql/postmaster.pid").exists()
        # as Ctrl-C in a terminal does
        os.killpg(watcher.pid, signal.SIGINT)
        assert watcher.wait(WAIT_SECONDS_MAX) == 0, log.read_text()
    finally:
        if watcher.poll() is None:
            os.killpg(watcher.pid, signal.SIGKILL)
    assert not (data / "postgresql/postmaster.pid").exists()
