"""`locals()` is not used: a stray variable would silently become a parameter, and editors could not find uses of a name."""

import pytest

from tests.tidy.source import Breach, Source, calls, refuse, sources


def locals_breaches(source: Source) -> list[Breach]:
    message = "`locals()` passes every variable; pass a dictionary, or `vars_of` a value"
    return [
        Breach(source.path, call.lineno, message)
        for call, name in calls(source)
        if name in {"locals", "vars", "builtins.locals", "builtins.vars"} and not call.args
    ]


def test_locals_is_not_used():
    refuse(
        breach
        for source in sources(".py", "jobmeter", "bench", "tests")
        for breach in locals_breaches(source)
    )


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("async def find(connection, *, job_id):\n    await connection.execute(SQL['find'], locals())", 1),
        ("def find(*, job_id):\n    return {**locals(), 'now': 1}", 1),
        ("def find(*, job_id):\n    return vars()", 1),
        ("import builtins\nbuiltins.locals()", 1),
        ("vars(settings)", 0),
        ("grammar.locals()", 0),
        ("text = 'locals()'", 0),
    ],
)
def test_locals_are_found(code, count):
    assert len(locals_breaches(Source("jobmeter/jobs/store.py", code))) == count
