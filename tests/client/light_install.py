"""Owns an environment with what ``pip install jobmeter`` brings and nothing else, made of links into the installed one.

Does not own any expectation. The slow test installs with pip; this environment needs no index and takes milliseconds.
"""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_COMPILED = ".pyc"
HELP_OF_EACH = """
import json, os, sys, tempfile
from jobmeter.cli.main import main

def run(name):
    with tempfile.TemporaryFile("w+") as shown, tempfile.TemporaryFile("w+") as failed:
        child = os.fork()
        if child == 0:
            os.dup2(shown.fileno(), 1)
            os.dup2(failed.fileno(), 2)
            code = 0
            try:
                main([name, "--help"])
            except SystemExit as ended:
                code = ended.code or 0
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [file.seek(0) or file.read() for file in (shown, failed)]
    return [name, code, *texts]

print(json.dumps([run(name) for name in sys.argv[1:]]))
"""


def list_requirements(extra: str = "") -> list[str]:
    """Returns what the checkout declares, whatever was declared when it was installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][extra] if extra else project["dependencies"])


def find_distributions(*extras: str) -> dict[str, importlib.metadata.Distribution]:
    """Returns the installed distributions that the light install needs, those which they need included."""
    waiting = [one for extra in ("", *extras) for one in list_requirements(extra)]
    found: dict[str, importlib.metadata.Distribution] = {}
    while waiting:
        requirement = waiting.pop()
        match = _NAME.match(requirement)
        name = re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
        if name in found or name == "jobmeter" or "extra ==" in requirement:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system or Python: what is needed here is installed
        waiting += found[name].requires or []
    return found


def find_entries(distribution: importlib.metadata.Distribution) -> Iterator[Path]:
    """Returns the files and folders of a distribution beside those of others."""
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}
    yield from (Path(str(distribution.locate_file(top))) for top in tops if top != "__pycache__")


def link_environment(folder: Path, *extras: str) -> dict[str, str]:
    """Returns the environment variables with which ``python -S`` finds the light install and nothing else."""
    for distribution in find_distributions(*extras).values():
        for entry in find_entries(distribution):
            link = folder / entry.name
            if not link.exists():
                link.symlink_to(entry)
    (folder / "jobmeter").symlink_to(ROOT / "jobmeter")
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1", "COLUMNS": "100"}


def run_light(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | environment,
    )


def read_each_help(environment: dict[str, str], *names: str) -> dict[str, tuple[int, str, str]]:
    """What each command prints for ``--help``: exit code, output, error output. Python starts once, and is forked for each."""
    done = run_light(environment, "-c", HELP_OF_EACH, *names)
    assert done.returncode == 0, done.stderr
    return {name: (code, shown, failed) for name, code, shown, failed in json.loads(done.stdout)}


def list_loaded(statements: str) -> set[str]:
    """Returns the modules that are loaded after the statements, in the full environment."""
    code = f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return set(json.loads(done.stdout))


def count_bytes(*extras: str) -> int:
    """Returns the size of the light install, without compiled modules and without Jobmeter itself."""
    return sum(
        file.size or 0
        for distribution in find_distributions(*extras).values()
        for file in distribution.files or ()
        if file.suffix != _COMPILED
    )
