"""SQL is in named files; Python refers to a statement by name and passes its parameters."""

import ast

import pytest

from tests.tidy.source import Breach, Source, docstring_constants, nodes, refuse, sources

OTHER_DATABASES = "jobmeter/pull/destinations/"
SQL_OPENINGS = (
    ("SELECT",),
    ("WITH", "*", "AS"),
    ("INSERT", "INTO"),
    ("UPDATE", "*", "SET"),
    ("DELETE", "FROM"),
    ("TRUNCATE",),
    ("COPY", "*", "FROM"),
    ("CREATE", "TABLE"),
    ("ALTER", "TABLE"),
    ("DROP", "TABLE"),
)


def built_sql_breaches(source: Source) -> list[Breach]:
    """SQL is in named files; only the database layer may contain SQL in Python, and what makes tables of streams in databases
    of others.
    """
    if source.part == "database" or source.path.startswith(OTHER_DATABASES):
        return []
    pieces = {piece for node in nodes(source) if isinstance(node, ast.JoinedStr) for piece in node.values}
    passed_over = docstring_constants(source) | pieces
    return [
        Breach(source.path, node.lineno, "SQL in Python; move it to the slice's queries.sql under a name")
        for node in nodes(source)
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in passed_over
        if _opens_as_sql(_text_of(node))
    ]


def _text_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text_of(piece) if isinstance(piece, ast.Constant) else "filled" for piece in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _opens_as_sql(text: str) -> bool:
    # Keywords are upper-case by house style, so a sentence that begins with "Select" is not SQL.
    words = text.split(maxsplit=3)
    return len(words) > 1 and any(
        len(words) >= len(opening)
        and all(sign in {"*", word} for sign, word in zip(opening, words, strict=False))
        for opening in SQL_OPENINGS
    )


def test_no_sql_in_python():
    refuse(breach for source in sources(".py", "jobmeter") for breach in built_sql_breaches(source))


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("jobs/store.py", 'rows = run("SELECT id FROM jobs")', 1),
        ("jobs/flow.py", 'run(f"UPDATE {table} SET a = 1")', 1),
        ("jobs/flow.py", 'run(f"DELETE FROM {table}")', 1),
        ("jobs/flow.py", 'run("""\n  WITH moved AS (SELECT 1) SELECT 2""")', 1),
        ("jobs/flow.py", '"""SELECT what is due."""\nlabel = "Select a job"\nverb = "COPY"', 0),
        ("database/pool.py", 'run("CREATE TABLE versions (id int)")', 0),
        ("pull/destinations/tables.py", 'run(f"DELETE FROM {table}")', 0),
        ("pull/run.py", 'run(f"DELETE FROM {table}")', 1),
    ],
)
def test_sql_in_python_is_found(path, code, count):
    assert len(built_sql_breaches(Source(f"jobmeter/{path}", code))) == count
