"""Sizes of functions and files. The limits are a ratchet: they may be lowered; raising one needs a decision."""

import ast
import math
from collections.abc import Iterable

import pytest

from tests.tidy.source import Breach, Source, functions, refuse, sources

BODY_LINES_MAX = 45
BODY_LINES_P95_MAX = 20
TEST_BODY_LINES_MAX = 60
FILE_LINES_MAX = 400


def is_test_code(source: Source) -> bool:
    return source.path.startswith("tests/")


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Returns the number of lines after the docstring, including blank lines and comments."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not body:
        return 0
    # A decorated inner function begins at its first decorator.
    first = min((body[0].lineno, *(mark.lineno for mark in getattr(body[0], "decorator_list", ()))))
    return (body[-1].end_lineno or first) - first + 1


def function_breaches(source: Source) -> list[Breach]:
    limit = TEST_BODY_LINES_MAX if is_test_code(source) else BODY_LINES_MAX
    return [
        Breach(
            source.path,
            function.lineno,
            f"`{function.name}` has {count} lines, at most {limit}; extract a step",
        )
        for function in functions(source)
        if (count := body_lines(function)) > limit
    ]


def file_breaches(source: Source) -> list[Breach]:
    count = len(source.text.splitlines())
    if count <= FILE_LINES_MAX:
        return []
    message = f"{count} lines, at most {FILE_LINES_MAX}; move one of its nouns to a separate file"
    return [Breach(source.path, count, message)]


def percentile_breaches(tree: Iterable[Source]) -> list[Breach]:
    """One function in twenty may be longer; if more are, all longer functions are listed."""
    sized = [
        (body_lines(function), source.path, function) for source in tree for function in functions(source)
    ]
    sized.sort(key=lambda entry: entry[0])
    rank = math.ceil(len(sized) * 95 / 100) - 1
    if rank < 0 or sized[rank][0] <= BODY_LINES_P95_MAX:
        return []
    too_long = [entry for entry in sized[: rank + 1] if entry[0] > BODY_LINES_P95_MAX]
    message = (
        f"lines; 95 of 100 functions have at most {BODY_LINES_P95_MAX}: shorten {len(too_long)} of these"
    )
    return [
        Breach(path, function.lineno, f"`{function.name}` has {count} {message}")
        for count, path, function in sized
        if count > BODY_LINES_P95_MAX
    ]


def test_functions_are_short():
    refuse(
        breach
        for source in sources(".py", "jobmeter", "tests", "bench")
        for breach in function_breaches(source)
    )


def test_most_functions_are_shorter():
    refuse(percentile_breaches(sources(".py", "jobmeter")))


def test_files_are_short():
    refuse(
        breach for source in sources(".py", "jobmeter", "tests", "bench") for breach in file_breaches(source)
    )


def function_of(lines: int, opening: str = "def act():") -> str:
    return f'{opening}\n    """Says\n    what it does.\n    """\n' + "    step()\n" * lines


@pytest.mark.parametrize("opening", ["def act():", "async def act():", "class Actor:\n  def act(self):"])
@pytest.mark.parametrize(
    ("path", "limit"), [("jobmeter/jobs/flow.py", 45), ("tests/jobs/test_flow.py", 60), ("bench/run.py", 45)]
)
def test_long_functions_are_found(path, limit, opening):
    assert len(function_breaches(Source(path, function_of(limit + 1, opening)))) == 1
    assert function_breaches(Source(path, function_of(limit, opening))) == []


def test_long_files_are_found():
    path = "jobmeter/jobs/flow.py"
    assert len(file_breaches(Source(path, "step()\n" * (FILE_LINES_MAX + 1)))) == 1
    assert file_breaches(Source(path, "step()\n" * FILE_LINES_MAX)) == []


@pytest.mark.parametrize(("long_of_twenty", "named"), [(0, 0), (1, 0), (2, 2)])
def test_too_many_long_functions_are_found(long_of_twenty, named):
    sizes = [BODY_LINES_P95_MAX + 1] * long_of_twenty + [3] * (20 - long_of_twenty)
    tree = [Source(f"jobmeter/jobs/flow_{at}.py", function_of(size)) for at, size in enumerate(sizes)]
    assert len(percentile_breaches(tree)) == named
