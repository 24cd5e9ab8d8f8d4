"""The replaced words of the glossary are not used in names, docstrings, comments, messages or documents."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from jobmeter.base.glossary import REPLACED, TERMS, Where
from tests.tidy.source import Breach, Source, nodes, refuse, sources

# The table itself, its reference page, and the samples in this file. Migrations and recordings are not rewritten.
APART = (
    "jobmeter/base/glossary.py",
    "docs/reference/glossary.md",
    "tests/tidy/documents/test_glossary.py",
    "LICENSE",
)
RECORDS = (
    "jobmeter/database/migrations/",
    "tests/fixtures/",
    "jobmeter/sandbox/demo/data/",
    "jobmeter/geo/data/",
)
KINDS = (".py", ".sql", ".md", ".html", ".js", ".toml", ".yml", ".yaml", "Makefile")
PROTOCOL_TEXTS = re.compile(
    r"(?:End|Start) date can not be (?:before|outside)"
)  # errors 6008 and 6009, as published by LinkedIn

CODE = re.compile(r"```.*?```|``[^`]+``|`[^`\n]+`", re.DOTALL)  # quoted names of the wire and the schema

_TEXT = re.compile(
    rf"(?<![\w.-])(?:{'|'.join(row.pattern for row in REPLACED if row.where is Where.TEXT)})(?![\w-])",
    re.IGNORECASE,
)
_NAME = re.compile(rf"(?:{'|'.join(row.pattern for row in REPLACED if row.where is Where.NAME)})")


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def text_breaches(source: Source) -> Iterator[Breach]:
    if not _TEXT.search(source.text):  # most files; reading the tokens of each took seconds
        return
    text = CODE.sub(blank, source.text) if source.path.endswith(".md") else source.text
    if source.path.endswith(".py"):
        text = without_names(source.text)
    text = PROTOCOL_TEXTS.sub(blank, text)
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _TEXT.finditer(line):
            yield Breach(source.path, number, f"`{found[0]}`: write {instead(found[0], Where.TEXT)}")


def without_names(text: str) -> str:
    """Returns Python code with everything blanked except strings and comments; words in backticks are names."""
    kept = [re.sub(r"[^\n]", " ", line) for line in text.splitlines(keepends=True)]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in {tokenize.STRING, tokenize.COMMENT}:
            continue
        pieces = CODE.sub(blank, token.string).splitlines(keepends=True)
        for offset, piece in enumerate(pieces):
            row, start = token.start[0] - 1 + offset, token.start[1] if offset == 0 else 0
            kept[row] = kept[row][:start] + piece.rstrip("\n") + kept[row][start + len(piece.rstrip("\n")) :]
    return "".join(kept)


def name_breaches(source: Source) -> Iterator[Breach]:
    """Names that the file defines: functions, classes, parameters, variables."""
    for node in nodes(source):
        defined = [(getattr(node, "lineno", 1), name) for name in names_defined(node)]
        for line, name in defined:
            if _NAME.fullmatch(name):
                yield Breach(source.path, line, f"`{name}`: use {instead(name, Where.NAME)}")
            is_library = name == "draw"  # the parameter of every composite strategy of Hypothesis
            for found in () if is_library else _TEXT.finditer(name.strip("_").replace("_", " ")):
                yield Breach(
                    source.path,
                    line,
                    f"`{name}`: instead of `{found[0]}` write {instead(found[0], Where.TEXT)}",
                )


def names_defined(node: ast.AST) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.arg(arg=name):
            return [name]
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.alias(asname=str(name)):
            return [name]
    return []


def instead(word: str, where: Where) -> str:
    rows = (row for row in REPLACED if row.where is where)
    return next(row.instead for row in rows if re.fullmatch(row.pattern, word, re.IGNORECASE))


def is_checked(path: str) -> bool:
    return path not in APART and not path.startswith(RECORDS)


def test_no_replaced_word_is_used() -> None:
    checked = [source for kind in KINDS for source in sources(kind) if is_checked(source.path)]
    refuse(breach for source in checked for breach in text_breaches(source))


def test_no_replaced_word_is_a_name() -> None:
    checked = [source for source in sources(".py") if is_checked(source.path)]
    refuse(breach for source in checked for breach in name_breaches(source))


def test_terms_are_sorted_and_unique() -> None:
    words = [term.word for term in TERMS]
    assert words == sorted(set(words))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("jobmeter/a.py", '"""What partners are told."""'),
        ("jobmeter/a.py", "# the job stands first"),
        ("jobmeter/a.py", 'message = "This can not be"'),
        ("docs/a.md", "Whoever posts jobs."),
        ("jobmeter/a.sql", "-- mended later\nSELECT 1"),
        ("jobmeter/a.py", "def f():\n    '''One.\n\n    It lies here.\n    '''"),
    ],
)
def test_samples_are_refused(path: str, text: str) -> None:
    assert list(text_breaches(Source(path, text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("jobmeter/a.py", "told = 1"),
        ("jobmeter/a.py", '"""Understands, withstands; see ``told``."""'),
        ("docs/a.md", "The field `stands` of the wire."),
        ("docs/a.md", "```\ntold\n```"),
    ],
)
def test_samples_are_accepted(path: str, text: str) -> None:
    assert not list(text_breaches(Source(path, text)))


@pytest.mark.parametrize(
    "code",
    [
        "def draw_page(): ...",
        "def f(chance): ...",
        "tally = 1",
        "import a as bell",
        "class says: ...",
        "def test_a_partner_is_told(): ...",
    ],
)
def test_names_are_refused(code: str) -> None:
    assert list(name_breaches(Source("jobmeter/a.py", code)))


@pytest.mark.parametrize(
    "code", ["def withdraw_page(): ...", "def f(chances): ...", "x.tally", "import bell"]
)
def test_names_are_accepted(code: str) -> None:
    assert not list(name_breaches(Source("jobmeter/a.py", code)))
