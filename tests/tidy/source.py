"""Reads the repository for the checks in this folder: its files, their syntax trees and the names they use.

Owns finding, parsing and caching, but no rules. Checks receive `Source` values, so a sample made of
a path and a string is checked exactly like a file of the repository.
"""

import ast
import functools
import os
import subprocess
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.paths import ROOT

TEXT_BYTES_MAX = 2_000_000

_NEVER_ENTERED = {"build", "demo-data", "dist", "node_modules", "__pycache__"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One text file: its path relative to the repository, and its content."""

    path: str
    text: str

    @property
    def stem(self) -> str:
        return self.path.rpartition("/")[2].partition(".")[0]

    @property
    def part(self) -> str:
        """The part that the file belongs to: `ledger` for jobmeter/ledger/flow.py, `app` for jobmeter/app.py."""
        steps = self.path.split("/")
        if steps[0] != "jobmeter" or len(steps) < 2:
            return ""
        return steps[1].removesuffix(".py").replace("__init__", "")


class Breach(NamedTuple):
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Used(NamedTuple):
    line: int
    name: str


def refuse(breaches: Iterable[Breach], *, still: Collection[str] = ()) -> None:
    """Fails the running test with one line per breach.

    ``still`` lists files that have not been fixed yet. The list only shrinks: a fixed file must be removed from it.
    """
    found = sorted(set(breaches))
    fixed = [
        Breach(path, 1, "is fixed; remove it from the list of files that are not fixed yet")
        for path in set(still) - {breach.path for breach in found}
    ]
    left = [breach for breach in found if breach.path not in still] + sorted(fixed)
    if left:
        pytest.fail(f"{len(left)} to fix:\n" + "\n".join(map(str, left)), pytrace=False)


@functools.cache
def repository_paths() -> tuple[str, ...]:
    """Returns all files that git tracks or would add; without git (an unpacked release), all files outside hidden folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        output = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        listed = [path for path in output.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        listed = []
    if "pyproject.toml" not in listed:  # no git, or the repository of an enclosing folder
        listed = list(walked_paths(ROOT))
    return tuple(sorted(path for path in listed if (ROOT / path).is_file()))


def walked_paths(root: Path) -> Iterator[str]:
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if name not in _NEVER_ENTERED and not name.startswith(".")]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


@functools.cache
def sources(suffix: str, *folders: str) -> tuple[Source, ...]:
    """Returns the files with this suffix ("" for all) below these folders (none for all), without binary files."""
    wanted = tuple(f"{folder}/" for folder in folders) or ("",)
    paths = [path for path in repository_paths() if path.endswith(suffix) and path.startswith(wanted)]
    return tuple(source for path in paths if (source := _read(path)) is not None)


@functools.cache
def _read(path: str) -> Source | None:
    file = ROOT / path
    try:
        text = file.read_text(encoding="utf-8") if file.stat().st_size <= TEXT_BYTES_MAX else "\0"
    except (FileNotFoundError, UnicodeDecodeError):  # an editor may rename a file while the checks run
        return None
    return None if "\0" in text else Source(path, text)


@functools.cache
def tree(source: Source) -> ast.Module:
    return ast.parse(source.text, filename=source.path)


@functools.cache
def nodes(source: Source) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(source)))


def functions(source: Source) -> list[_Function]:
    return [node for node in nodes(source) if isinstance(node, _Function)]


@functools.cache
def imports(source: Source) -> tuple[Used, ...]:
    """Returns imports by their full dotted names: `from a.b import c` is `a.b.c`. Relative imports begin with a dot."""
    found = []
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found += [Used(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            found += [Used(node.lineno, f"{origin}.{alias.name}") for alias in node.names]
    return tuple(found)


@functools.cache
def uses(source: Source) -> tuple[Used, ...]:
    """Returns each use of an imported name by its full name: after `import datetime as d`, `d.date` is `datetime.date`."""
    origins = _origins(source)
    found = []
    for node in nodes(source):
        if isinstance(node, ast.Name | ast.Attribute):
            name = _dotted(node, origins)
            if name is not None:
                found.append(Used(node.lineno, name))
    return tuple(found)


@functools.cache
def calls(source: Source) -> tuple[tuple[ast.Call, str], ...]:
    """Returns each call with the full name of the function; names that are not imported are unchanged."""
    origins = _origins(source)
    found = []
    for node in nodes(source):
        if isinstance(node, ast.Call):
            name = _dotted(node.func, origins)
            if name is None and isinstance(node.func, ast.Name):
                name = node.func.id
            if name is not None:
                found.append((node, name))
    return tuple(found)


@functools.cache
def _origins(source: Source) -> dict[str, str]:
    origins = {}
    for node in nodes(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                origins[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origins[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
    return origins


def _dotted(node: ast.expr, origins: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return origins.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, origins)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def docstring_constants(source: Source) -> set[ast.expr]:
    """Returns the string nodes that are docstrings, so that a check of strings can skip them."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].value
        for node in nodes(source)
        if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None
        if isinstance(node.body[0], ast.Expr)
    }
