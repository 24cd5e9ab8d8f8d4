"""The tutorial's commands are run by a shell exactly as printed, against a separate sandbox."""

import json
import os
import re
import shlex
import subprocess

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.support.missing_part import find_programs
from tests.support.paths import DOCS
from tests.support.server_process import find_program, start_sandbox_server

README = DOCS.parent / "README.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
STARTS_SERVER = "make run"
SETTLES = "sleep 1\n"  # the reader's pause between commands; the worker needs less


@pytest.fixture
def printed(cluster_url, tmp_path):
    """Returns what each block of the tutorial prints, without the block that starts the sandbox."""
    find_programs("bash", "curl")
    made = make_database(cluster_url, TEMPLATE)
    url = next(made)
    with start_sandbox_server(url, tmp_path) as credentials:
        file = tmp_path / "credentials.json"
        file.write_text(json.dumps(credentials))
        blocks = [
            block for block in BLOCK.findall((DOCS / "tutorial.md").read_text()) if STARTS_SERVER not in block
        ]
        script = "set -eu\n" + "\necho; echo ---\n".join(SETTLES + block for block in blocks)
        quoted = shlex.quote(str(file))
        script = re.sub(r"^FILE=.*$", lambda _: f"FILE={quoted}", script, flags=re.MULTILINE)
        script = re.sub(
            r"^(\.venv/bin/jobmeter clock .*)$", rf"\1 --credentials {quoted}", script, flags=re.MULTILINE
        )
        script = script.replace(".venv/bin/jobmeter", shlex.join(find_program()))
        script = re.sub(r"--data ~/\S+", f"--database-url '{url}'", script)
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(DOCS.parent)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        yield ran
    made.close()


def test_the_commands_print_what_the_text_says(printed):
    assert printed.returncode == 0, printed.stdout + printed.stderr
    _, _, posted, task, sent, report, laws = printed.stdout.split("---\n")
    assert json.loads(posted)["elements"][0]["status"] == 202
    assert '"status":"SUCCEEDED"' in task
    assert '"accepted":2' in sent
    days = json.loads(report.strip().splitlines()[-1])["results"]["my-first-job"]["jobPerformanceMetrics"]
    assert [(day["applyClickCount"], day["viewCount"]) for day in days] == [(1, 1)]
    assert "All laws hold" in laws


@pytest.mark.parametrize("path", [README, *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_events_are_sent_with_a_supported_content_type(path):
    """By default curl sends a body as a form, which ``/events`` refuses."""
    for block in BLOCK.findall(path.read_text()):
        for command in re.split(r"\n(?=\S)", block):
            if "curl" in command and re.search(r"\$BASE/events\b", command):
                assert "Content-Type: application/" in command, command
