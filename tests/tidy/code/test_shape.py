"""The shape of a module: a docstring says what it owns, values are frozen, imports are at the top."""

import ast
import io
import re
import tokenize

import pytest

from tests.tidy.source import (
    Breach,
    Source,
    docstring_constants,
    functions,
    nodes,
    refuse,
    sources,
    tree,
    uses,
)

PROSE_LINES_MAX = 6
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
PUBLIC_FACES = ("jobmeter/__init__.py", "jobmeter/client/__init__.py")  # they exist to export names

# Written so that this file does not contain the words itself.
_UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b")
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|farm)/")
_REGISTRY = re.compile(r"pypi[.]org|files[.]pythonhosted|npm[j]s|debian[.]org", re.IGNORECASE)


def opening_breaches(source: Source) -> list[Breach]:
    """An empty `__init__.py` outside the package needs no docstring."""
    if (
        not source.text.strip()
        and source.stem == "__init__"
        and not source.part
        and source.path not in PUBLIC_FACES
    ):
        return []
    prose = [line for line in (ast.get_docstring(tree(source)) or "").splitlines() if line.strip()]
    if not prose:
        return [Breach(source.path, 1, "open the module with a docstring: what it owns, what it does not")]
    if len(prose) > PROSE_LINES_MAX:
        message = f"the docstring has {len(prose)} lines, at most {PROSE_LINES_MAX}; move the rest to docs/"
        return [Breach(source.path, 1, message)]
    return []


def init_breaches(source: Source) -> list[Breach]:
    if source.part == "" or source.stem != "__init__" or source.path in PUBLIC_FACES:
        return []
    return [
        Breach(
            source.path,
            node.lineno,
            "`__init__.py` contains only its docstring; import from the module itself",
        )
        for node in tree(source).body
        if not (isinstance(node, ast.Expr) and node.value in docstring_constants(source))
    ]


def dataclass_breaches(source: Source) -> list[Breach]:
    found = []
    for owner in (node for node in nodes(source) if isinstance(node, ast.ClassDef)):
        for mark in owner.decorator_list:
            call = mark if isinstance(mark, ast.Call) else None
            name = ast.unparse(call.func if call else mark).rpartition(".")[2]
            frozen = call is not None and any(
                word.arg == "frozen" and isinstance(word.value, ast.Constant) and word.value.value is True
                for word in call.keywords
            )
            if name == "dataclass" and not frozen:
                message = f"`{owner.name}` is mutable; write @dataclass(frozen=True, slots=True) and create a new value"
                found.append(Breach(source.path, owner.lineno, message))
    return found


def name_breaches(source: Source) -> list[Breach]:
    names = {step.partition(".")[0] for step in source.path.split("/")} & BANNED_NAMES
    return [
        Breach(source.path, 1, f"`{name}` means nothing; name the file after the noun it owns")
        for name in names
    ]


def import_breaches(source: Source) -> list[Breach]:
    imported = [node for node in nodes(source) if isinstance(node, ast.Import | ast.ImportFrom)]
    indented = any(node.col_offset for node in imported)
    inner = {node for function in functions(source) for node in ast.walk(function)} if indented else set()
    found = []
    for node in imported:
        if isinstance(node, ast.ImportFrom) and node.level:
            found.append(
                Breach(source.path, node.lineno, "relative import; write the full name from the root")
            )
        if node in inner:
            found.append(
                Breach(source.path, node.lineno, "import inside a function; move it to the top of the file")
            )
    return found


def unfinished_breaches(source: Source) -> list[Breach]:
    """In a string such a word is data (one is a currency code); in a comment or docstring it marks unfinished work."""
    found = []
    if "NotImplementedError" in source.text:
        raised = [node.exc for node in nodes(source) if isinstance(node, ast.Raise) and node.exc is not None]
        found = [
            Breach(source.path, error.lineno, "a stub; implement it, or remove it until it is needed")
            for error in raised
            if "NotImplementedError" in ast.unparse(error)
        ]
    if _UNFINISHED.search(source.text):
        remarks = [
            (node.lineno, str(node.value))
            for node in docstring_constants(source)
            if isinstance(node, ast.Constant)
        ]
        remarks += _comments(source)
        message = "unfinished work belongs in an issue, not in a comment; finish it or file it"
        found += [Breach(source.path, line, message) for line, text in remarks if _UNFINISHED.search(text)]
    return found


def _comments(source: Source) -> list[tuple[int, str]]:
    read = tokenize.generate_tokens(io.StringIO(source.text).readline)
    return [(token.start[0], token.string) for token in read if token.type == tokenize.COMMENT]


def unfinished_sql_breaches(source: Source) -> list[Breach]:
    return [
        Breach(source.path, at, "unfinished work belongs in an issue, not in a comment; finish it or file it")
        for at, line in enumerate(source.text.splitlines(), start=1)
        if "--" in line and _UNFINISHED.search(line.partition("--")[2])
    ]


def text_breaches(source: Source) -> list[Breach]:
    """The project runs on any machine and does not name package registries."""
    if not (_MACHINE_PATH.search(source.text) or _REGISTRY.search(source.text)):
        return []
    found = []
    for at, line in enumerate(source.text.splitlines(), start=1):
        if _MACHINE_PATH.search(line):
            found.append(
                Breach(source.path, at, "path of a specific machine; make it relative to the checkout")
            )
        if _REGISTRY.search(line):
            found.append(Breach(source.path, at, "host of a package registry; name only the package"))
    return found


def patch_breaches(source: Source) -> list[Breach]:
    """Setting an environment variable is input and allowed; replacing an attribute hides a missing argument."""
    message = "patches running code; pass the replacement as an argument"
    found = [
        Breach(source.path, line, f"`{name}` {message}")
        for line, name in uses(source)
        if name in {"unittest.mock.patch", "mock.patch"}
    ]
    found += [
        Breach(source.path, node.lineno, f"`{ast.unparse(node)}` {message}")
        for node in nodes(source)
        if isinstance(node, ast.Attribute) and node.attr in {"setattr", "delattr"}
    ]
    return found


CHECKS = {
    "opening": (opening_breaches, ".py", ("jobmeter", "tests", "bench")),
    "init": (init_breaches, ".py", ("jobmeter",)),
    "dataclass": (dataclass_breaches, ".py", ("jobmeter", "tests", "bench")),
    "name": (name_breaches, "", ("jobmeter", "tests", "bench")),
    "import": (import_breaches, ".py", ("jobmeter", "tests", "bench")),
    "unfinished": (unfinished_breaches, ".py", ("jobmeter", "tests", "bench")),
    "unfinished sql": (unfinished_sql_breaches, ".sql", ("jobmeter",)),
    "text": (text_breaches, "", ()),
    "patch": (patch_breaches, ".py", ("tests",)),
}


@pytest.mark.parametrize("name", CHECKS)
def test_shape(name):
    check, suffix, folders = CHECKS[name]
    refuse(breach for source in sources(suffix, *folders) for breach in check(source))


FLOW = "jobmeter/jobs/flow.py"


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("opening", FLOW, "import os"),
        ("opening", FLOW, ""),
        ("opening", "jobmeter/jobs/__init__.py", ""),
        ("opening", FLOW, '"""' + "One more line.\n" * (PROSE_LINES_MAX + 1) + '"""'),
        ("init", "jobmeter/jobs/__init__.py", '"""Owns jobs."""\nfrom jobmeter.jobs.flow import post_job'),
        ("dataclass", FLOW, "@dataclass\nclass Job: ..."),
        ("dataclass", FLOW, "@dataclasses.dataclass(slots=True)\nclass Job: ..."),
        ("dataclass", FLOW, "@dataclass(frozen=False)\nclass Job: ..."),
        ("name", "jobmeter/jobs/utils.py", ""),
        ("name", "jobmeter/common/money.py", ""),
        ("name", "tests/helpers.py", ""),
        ("import", FLOW, "def act():\n    import os"),
        ("import", FLOW, "class A:\n  async def act(self):\n    if True:\n      from os import path"),
        ("import", FLOW, "from . import store"),
        ("import", FLOW, "from ..ledger.flow import post"),
        ("unfinished", FLOW, "def act():\n    raise NotImplementedError"),
        ("unfinished", FLOW, 'def act():\n    raise NotImplementedError("later")'),
        ("unfinished", FLOW, "x = 1  # TO" + "DO: more"),
        ("unfinished", FLOW, '"""Owns jobs. FIX' + 'ME."""'),
        ("unfinished sql", "jobmeter/jobs/queries.sql", "SELECT 1 -- X" + "XX wrong"),
        ("text", "README.md", "Run /" + "work/main/start"),
        ("text", "bench/run.py", 'HOME = "/' + 'root/data"'),
        ("text", "constraints.txt", "--index-url https://pypi" + ".org/simple"),
        ("patch", "tests/test_a.py", "from unittest.mock import patch\npatch('a.b')"),
        ("patch", "tests/test_a.py", "from unittest import mock\nwith mock.patch('a.b'): ..."),
        ("patch", "tests/test_a.py", "def test_a(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)"),
    ],
)
def test_bad_shape_is_found(name, path, text):
    assert len(CHECKS[name][0](Source(path, text))) == 1


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("opening", FLOW, '"""Owns jobs.\n\nNot their charges.\n"""'),
        ("opening", "tests/jobs/__init__.py", ""),
        ("init", "jobmeter/jobs/__init__.py", '"""Owns jobs."""'),
        ("init", "jobmeter/client/__init__.py", "from jobmeter.client.session import Session"),
        ("dataclass", FLOW, "@dataclass(frozen=True, slots=True)\nclass Job: ..."),
        ("name", "jobmeter/jobs/commonness.py", ""),
        ("import", FLOW, "from jobmeter.jobs import store\nif TYPE_CHECKING:\n    import os"),
        ("unfinished", FLOW, 'NO_CURRENCY = "X' + 'XX"\nx = NotImplemented'),
        ("text", "docs/a.md", "See https://example.com/work/ and ../root/ here."),
        (
            "patch",
            "tests/test_a.py",
            "def test_a(monkeypatch):\n    monkeypatch.setenv('A', '1')\n    setattr(a, 'b', 1)",
        ),
    ],
)
def test_good_shape_is_accepted(name, path, text):
    assert CHECKS[name][0](Source(path, text)) == []
