"""What is known of the dependencies: vulnerabilities, where a source can be reached, and the list of all parts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TOOLS = ROOT / "build" / "tools" / "bin"
SOUND = {"name": "anyio", "version": "4.16.0", "vulns": []}
FLAWED = {"name": "lxml", "version": "6.0.0", "vulns": [{"id": "CVE-2099-1", "fix_versions": ["6.0.1"]}]}
SKIPPED = {"name": "idna", "skip_reason": "Dependency not found"}


def audit(tmp_path, rows):
    """Runs the audit with a program that finds these rows, or that fails."""
    answer = "" if rows is None else json.dumps({"dependencies": rows})
    program = tmp_path / "pip-audit"
    program.write_text(f"#!{sys.executable}\nprint({answer!r})\n", encoding="utf-8")
    program.chmod(0o755)
    command = [sys.executable, str(ROOT / ".ci" / "audit"), str(program), "constraints.txt"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.parametrize("rows", [None, [], [SKIPPED]])
def test_without_a_source_of_advisories_it_says_so_in_one_line(tmp_path, rows):
    assert audit(tmp_path, rows) == (0, ["no source of advisories can be reached: nothing was looked up"])


def test_a_known_vulnerability_is_named_with_its_remedy(tmp_path):
    assert audit(tmp_path, [SOUND, SKIPPED]) == (
        0,
        ["1 of 2 dependencies were looked up: 0 known vulnerabilities"],
    )
    assert audit(tmp_path, [SOUND, FLAWED, SKIPPED]) == (
        1,
        [
            "lxml 6.0.0: CVE-2099-1, fixed in 6.0.1",
            "2 of 3 dependencies were looked up: 1 known vulnerabilities",
        ],
    )


def test_the_list_of_parts_has_every_pinned_dependency(tmp_path):
    if not (TOOLS / "cyclonedx-py").exists():
        pytest.skip("build/tools does not exist; make sbom installs it")
    made = tmp_path / "parts.json"
    command = [
        str(TOOLS / "cyclonedx-py"),
        "requirements",
        "--pyproject",
        "pyproject.toml",
        "--output-reproducible",
    ]
    subprocess.run(
        [*command, "--output-file", str(made), "constraints.txt"], cwd=ROOT, check=True, capture_output=True
    )
    parts = json.loads(made.read_text(encoding="utf-8"))
    pinned = re.findall(
        r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted((one["name"], one["version"]) for one in parts["components"]) == sorted(pinned)
    assert parts["metadata"]["component"]["name"] == "jobmeter"


def test_security_rules_hold_for_the_product():
    """`make check` runs them with all others; what is excluded has its reason beside it."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    planted = "import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n"
    command = [
        ruff,
        "check",
        "--no-cache",
        "--stdin-filename",
        "jobmeter/planted.py",
        "--output-format",
        "json",
        "-",
    ]
    ended = subprocess.run(command, cwd=ROOT, input=planted, capture_output=True, text=True, check=False)
    assert {"S602"} <= {one["code"] for one in json.loads(ended.stdout)}
