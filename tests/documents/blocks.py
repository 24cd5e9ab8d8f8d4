"""Owns reading the blocks of the documents: their kind, and the shell in which they run. Does not own any expectation."""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.missing_part import find_programs
from tests.support.paths import DOCS
from tests.support.server_process import find_program

ROOT = DOCS.parent
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "ARCHITECTURE.md",
        ROOT / "SECURITY.md",
        *(ROOT / "clients").glob("*/README.md"),
        *DOCS.rglob("*.md"),
    ]
)
# The words after the backticks decide what a test does with the block (CONTRIBUTING.md, "Documents").
SHELL, CHECKOUT, PRODUCTION, JSON, XML, PYTHON, TYPESCRIPT, NGINX, TOML = (
    "sh",
    "sh checkout",
    "sh production",
    "json",
    "xml",
    "python",
    "typescript",
    "nginx",
    "toml",
)
KINDS = {SHELL, CHECKOUT, PRODUCTION, JSON, XML, PYTHON, TYPESCRIPT, NGINX, TOML}

_BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Reports each response's status on standard error, where the page's own output does not disturb it.
CURL = """#!/bin/sh
exec {curl} --write-out '%{{stderr}}HTTP %{{http_code}} %{{url_effective}}\\n' --max-time 60 "$@"
"""
PROGRAM = """#!/bin/sh
exec {command} "$@"
"""


@dataclass(frozen=True)
class Block:
    page: str
    kind: str
    text: str


def read_blocks(path: Path) -> list[Block]:
    page = str(path.relative_to(ROOT))
    return [Block(page, kind, text) for kind, text in _BLOCK.findall(path.read_text(encoding="utf-8"))]


def list_blocks(*kinds: str) -> list[Block]:
    return [block for path in PAGES for block in read_blocks(path) if not kinds or block.kind in kinds]


def make_programs(folder: Path) -> Path:
    """Creates the programs that a reader has on the path: ``jobmeter``, its Python, and a ``curl`` that reports statuses."""
    (curl,) = find_programs("curl")
    programs = folder / "bin"
    programs.mkdir()
    for name, text in (
        ("curl", CURL.format(curl=curl)),
        ("jobmeter", PROGRAM.format(command=shlex.join(find_program()))),
        ("python3", PROGRAM.format(command=shlex.quote(sys.executable))),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return programs


def run_shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the script; it ends at the first command that fails and at an undefined variable."""
    (shell,) = find_programs("bash")
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [shell, "-c", f"set -eu -o pipefail\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
