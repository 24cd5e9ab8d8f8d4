"""Async tests are `async def`, and do not pass an inner function to an event loop."""

import ast

import pytest

from tests.tidy.source import Breach, Source, calls, functions, refuse, sources


def closure_breaches(source: Source) -> list[Breach]:
    """Test doubles that the product calls (a clock, a sender, a handler) may be functions inside a test."""
    runs = [call for call, name in calls(source) if name == "asyncio.run" and call.args]
    found = []
    for function in functions(source) if runs else ():
        inner = {node.name for node in ast.walk(function) if isinstance(node, ast.AsyncFunctionDef)} - {
            function.name
        }
        within = set(ast.walk(function))
        for call in runs:
            coroutine = call.args[0]
            if call in within and isinstance(coroutine, ast.Call) and ast.unparse(coroutine.func) in inner:
                message = f"`{ast.unparse(coroutine.func)}` is a closure around an async test; write `async def {function.name}`"
                found.append(Breach(source.path, call.lineno, message))
    return found


def test_no_async_test_is_a_closure():
    refuse(breach for source in sources(".py", "tests", "bench") for breach in closure_breaches(source))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("def test_a():\n  async def run(): ...\n  asyncio.run(run())", 1),
        ("def test_a(url):\n  async def story(url): ...\n  assert asyncio.run(story(url)) == 1", 1),
        ("@pytest.fixture\ndef made():\n  async def make(): ...\n  return asyncio.run(make())", 1),
        ("async def test_a():\n  async def read_clock(): ...\n  await act(read_clock)", 0),
        ("async def make(): ...\ndef test_a():\n  asyncio.run(make())", 0),
        ("def test_a():\n  async def commit(rows): ...\n  asyncio.run(submit(commit))", 0),
    ],
)
def test_closures_are_found(code, count):
    assert len(closure_breaches(Source("tests/test_a.py", f"import asyncio\n{code}"))) == count
