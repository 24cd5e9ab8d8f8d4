"""A test that needs a program or a library says so through `tests/support/missing_part.py`, so that CI cannot skip it."""

import pytest

from tests.support.missing_part import find_programs
from tests.tidy.source import Breach, Source, calls, refuse, sources

OWNER = "tests/support/missing_part.py"
DETECTIONS = {"shutil.which", "pytest.importorskip"}


def detection_breaches(source: Source) -> list[Breach]:
    message = f"a missing part must fail in CI: use {OWNER}; a library belongs to the development group"
    return [
        Breach(source.path, call.lineno, message)
        for call, name in calls(source)
        if name in DETECTIONS and source.path != OWNER
    ]


def test_missing_parts_are_reported_by_one_rule():
    refuse(breach for source in sources(".py", "tests") for breach in detection_breaches(source))


@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("tests/compat/test_js.py", "import shutil\nshutil.which('node')", 1),
        ("tests/compat/test_js.py", "import pytest\nparquet = pytest.importorskip('pyarrow')", 1),
        (OWNER, "import shutil\nshutil.which('node')", 0),
        ("tests/compat/test_js.py", "find_programs('node')", 0),
    ],
)
def test_detections_are_found(path, code, count):
    assert len(detection_breaches(Source(path, code))) == count


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_program_is_skipped_and_fails_in_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="lacks no-such-program and nor-this-one"):
        find_programs("sh", "no-such-program", "nor-this-one")


def test_the_paths_of_programs_are_returned_in_order():
    assert [path.rpartition("/")[2] for path in find_programs("sh", "env")] == ["sh", "env"]
