"""SQL is readable: lines and statements are short, long statements have a comment, and unused statements are removed.

The sizes are a ratchet: they may be lowered; raising one needs a reason next to it.
"""

import ast
from collections.abc import Iterable

import pytest

from tests.tidy.source import Breach, Source, functions, nodes, refuse, sources, uses
from tests.tidy.sql_text import (
    Statement,
    Token,
    blanked,
    column_lists,
    is_migration,
    statements,
    tokens,
)

LINE_CHARACTERS_MAX = 110
STATEMENT_CHARACTERS_MAX = 1_800
LINES_WITHOUT_COMMENT_MAX = 15

# Charging is one part of a statement by design: splitting it would add round trips while rows are locked.
LONGER = {"charge": 2_600}


def code_lines(statement: Statement) -> list[str]:
    """Returns the lines of code without indentation, empty lines and comments."""
    lines = [line.strip() for line in statement.written.splitlines()]
    return [line for line in lines if line and not line.startswith("--")]


def line_breaches(source: Source) -> list[Breach]:
    return [
        Breach(source.path, number, f"{len(line)} characters, at most {LINE_CHARACTERS_MAX}; break the line")
        for number, line in enumerate(source.text.splitlines(), 1)
        if len(line) > LINE_CHARACTERS_MAX
    ]


def length_breaches(source: Source) -> list[Breach]:
    found = []
    for statement in (*statements(source), *column_lists(source)):
        count = len("\n".join(code_lines(statement)))
        limit = LONGER.get(statement.name, STATEMENT_CHARACTERS_MAX)
        if count > limit:
            message = (
                f"`{statement.name}` has {count} characters, at most {limit}; move a part of it to a view"
            )
            found.append(Breach(source.path, statement.line, message))
    return found


def span_breaches(source: Source) -> list[Breach]:
    """Lines are sent without their indentation (``load_statements``), which would be part of a text."""
    message = "has a text that continues in the next line; close it, and continue it with `||`"
    return [
        Breach(source.path, statement.line, f"`{statement.name}` {message}")
        for statement in (*statements(source), *column_lists(source))
        if any(line.count("'") % 2 for line in code_lines(statement))
    ]


def alias_breaches(source: Source) -> list[Breach]:
    """PostgreSQL before version 16 refuses a subquery in FROM without a name; the tests' server is newer."""
    found, read = [], tokens(blanked(source.text))
    for at, token in enumerate(read[:-2]):
        if token.word in {"FROM", "JOIN", "LATERAL"} and read[at + 1].text == "(":
            end = _find_end(read, at + 1)
            is_subquery = read[at + 2].word in {"SELECT", "VALUES", "WITH"}
            if is_subquery and (end + 1 == len(read) or read[end + 1].word != "AS"):
                message = "a subquery in FROM has no name; add one with AS"
                found.append(Breach(source.path, token.line, message))
    return found


def _find_end(read: list[Token], at: int) -> int:
    """The index of the parenthesis that closes the one at the index."""
    depth = 0
    for index in range(at, len(read)):
        depth += (read[index].text == "(") - (read[index].text == ")")
        if depth == 0:
            return index
    raise AssertionError("a parenthesis is not closed")


def comment_breaches(source: Source) -> list[Breach]:
    message = f"has more than {LINES_WITHOUT_COMMENT_MAX} lines and no comment; explain it"
    return [
        Breach(source.path, statement.line, f"`{statement.name}` {message}")
        for statement in statements(source)
        if len(code_lines(statement)) > LINES_WITHOUT_COMMENT_MAX and not _has_comment(statement)
    ]


def _has_comment(statement: Statement) -> bool:
    return any(line.lstrip().startswith("--") for line in statement.written.splitlines()[1:])


def dead_breaches(sql_tree: Iterable[Source], python_tree: Iterable[Source]) -> list[Breach]:
    """A statement is used by a Python file in its folder, and the function with its name is used."""
    python_tree = tuple(python_tree)
    used = {one.name for source in python_tree for one in uses(source)}
    found = []
    for source in sql_tree:
        beside = [one for one in python_tree if _folder(one) == _folder(source)]
        named = {name for one in beside for name in _texts(one)}
        dead = {name for one in beside for name in _unused_functions(one, used)}
        for statement in statements(source):
            place = (source.path, statement.line)
            if statement.name not in named:
                message = f'`{statement.name}` is not run by any file in its folder (`SQL["{statement.name}"]`); remove it'
                found.append(Breach(*place, message))
            elif statement.name in dead:
                found.append(Breach(*place, f"`{statement.name}` has an unused function; remove both"))
    return found


def _folder(source: Source) -> str:
    return source.path.rpartition("/")[0]


def _texts(source: Source) -> set[str]:
    """Returns the string constants of a file, including the keys in `SQL["..."]`."""
    return {
        node.value for node in nodes(source) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _unused_functions(source: Source, used: set[str]) -> set[str]:
    """Returns the functions that run the statement with their name and are not used in any file."""
    module = source.path.removesuffix(".py").replace("/", ".")
    here = {node.id for node in nodes(source) if isinstance(node, ast.Name)}
    names = {function.name for function in functions(source)} & _texts(source)
    return {name for name in names - here if f"{module}.{name}" not in used}


def own_statements() -> list[Source]:
    return [source for source in sources(".sql", "jobmeter", "bench") if not is_migration(source)]


def test_lines_are_short():
    refuse(breach for source in own_statements() for breach in line_breaches(source))


def test_statements_are_short():
    refuse(breach for source in own_statements() for breach in length_breaches(source))


def test_no_text_continues_in_the_next_line():
    refuse(breach for source in own_statements() for breach in span_breaches(source))


def test_subqueries_have_names():
    refuse(breach for source in sources(".sql", "jobmeter", "bench") for breach in alias_breaches(source))


def test_long_statements_have_a_comment():
    refuse(breach for source in own_statements() for breach in comment_breaches(source))


def test_no_statement_is_dead():
    refuse(dead_breaches(own_statements(), sources(".py", "jobmeter", "bench")))


def sample(text: str) -> Source:
    return Source("jobmeter/jobs/queries.sql", text)


def test_a_long_line_is_found():
    at_the_limit = "-- " + "x" * (LINE_CHARACTERS_MAX - 3)
    breaches = line_breaches(sample(f"{at_the_limit}\nSELECT 1\n{at_the_limit}x\n"))
    assert [breach.line for breach in breaches] == [3]


def test_a_long_statement_is_found():
    fits = "x" * (STATEMENT_CHARACTERS_MAX - len("SELECT "))
    text = f"-- name: one\n-- why\n    SELECT {fits}\n\n-- name: two\nSELECT {fits}x\n"
    assert [breach.line for breach in length_breaches(sample(text))] == [5]


@pytest.mark.parametrize(
    ("before", "lines", "count"),
    [("", 15, 0), ("", 16, 1), ("-- why\n", 16, 0), ("\n", 16, 1)],
)
def test_a_long_statement_without_a_comment_is_found(before, lines, count):
    text = f"-- name: one\n{before}SELECT 1" + ",\n       1" * (lines - 1)
    assert len(comment_breaches(sample(text))) == count


def test_a_text_of_two_lines_is_found():
    text = "-- name: one\nSELECT 'it''s', ''\n\n-- name: two\nSELECT 'a\n  b'\n"
    assert [breach.line for breach in span_breaches(sample(text))] == [4]


def test_a_subquery_without_a_name_is_found():
    text = (
        "SELECT a FROM (SELECT (1) AS a) AS b, LATERAL (SELECT 2) AS c\n WHERE a IN (SELECT 3)\n   AND EXTRACT(DAY FROM (b))\n"
        "  FROM (SELECT 1)\n  JOIN (VALUES (1)) USING (a)\n CROSS JOIN LATERAL (SELECT 2)"
    )
    assert [breach.line for breach in alias_breaches(sample(text))] == [4, 5, 6]


RUNS = 'async def find_job(connection):\n    return await connection.execute(SQL["find_job"])\n'
IMPORTS = "from jobmeter.jobs import store\n"


@pytest.mark.parametrize(
    ("store", "flow", "count"),
    [
        (RUNS, f"{IMPORTS}job = await store.find_job(connection)", 0),
        (RUNS, "from jobmeter.jobs import store as jobs\njob = await jobs.find_job(connection)", 0),
        (RUNS, "from jobmeter.jobs.store import find_job\njob = await find_job(connection)", 0),
        (RUNS, f"{IMPORTS}finders = [store.find_job]", 0),
        (f"{RUNS}async def find_jobs(): await find_job(1)", "", 0),
        ('async def list_jobs(): run(SQL["find_job"])', f"{IMPORTS}await store.list_jobs()", 0),
        (RUNS, f"{IMPORTS}job = await store.find_jobs(connection)", 1),
        (RUNS, "from jobmeter.ledger import store\njob = await store.find_job(connection)", 1),
        (RUNS.replace('["find_job"]', '["find_jobs"]'), f"{IMPORTS}await store.find_job(connection)", 1),
        ("", f"{IMPORTS}job = await store.find_job(connection)", 1),
    ],
)
def test_a_dead_statement_is_found(store, flow, count):
    statement = sample("-- name: find_job\nSELECT id FROM jobs")
    python = [Source("jobmeter/jobs/store.py", store), Source("jobmeter/api/flow.py", flow)]
    assert len(dead_breaches([statement], python)) == count


def test_a_use_in_another_folder_does_not_count():
    statement = sample("-- name: find_job\nSELECT id FROM jobs")
    python = [Source("jobmeter/ledger/store.py", f"{RUNS}\nfind_job(1)")]
    assert len(dead_breaches([statement], python)) == 1
