"""A test that `make test` leaves out is none of those that protect the money and the tenants (CONTRIBUTING.md)."""

import re

import pytest

from tests.conftest import LONG_FOLDERS
from tests.tidy.source import ROOT, Breach, Source, refuse, sources

ALWAYS = (
    "tests/properties/laws/",
    "tests/properties/settlement/",
    "tests/stories/edge/test_tenants.py",
    "tests/stories/test_main_job.py",
    "tests/tidy/",
    "tests/unit/ledger/",
)
MARK = re.compile(r"@pytest\.mark\.long\b|pytest\.param\(.*marks=pytest\.mark\.long\b|pytestmark.*\blong\b")


def long_breaches(source: Source) -> list[Breach]:
    message = (
        "this is always tried: give the test fewer examples, or a part of its cases (few_or_many, one_of)"
    )
    return [
        Breach(source.path, number, message)
        for number, line in enumerate(source.text.splitlines(), start=1)
        if source.path.startswith(ALWAYS) and MARK.search(line)
    ]


def test_what_protects_money_and_tenants_is_always_tried():
    others = [source for source in sources(".py", "tests") if source.path != "tests/tidy/test_long.py"]
    refuse(breach for source in others for breach in long_breaches(source))
    assert all(any(source.path.startswith(one) for source in others) for one in ALWAYS)


def test_no_long_folder_has_what_is_always_tried():
    for folder in LONG_FOLDERS:
        assert (ROOT / "tests" / folder).is_dir()
        assert not f"tests/{folder}".startswith(ALWAYS)
        assert not any(one.startswith(f"tests/{folder}") for one in ALWAYS)


@pytest.mark.parametrize(
    ("path", "line", "count"),
    [
        ("tests/properties/laws/test_laws.py", "@pytest.mark.long", 1),
        ("tests/unit/ledger/test_chain.py", "    pytest.param(9, marks=pytest.mark.long),", 1),
        ("tests/tidy/code/test_dead.py", "pytestmark = pytest.mark.long", 1),
        ("tests/properties/laws/test_laws.py", "@pytest.mark.slow", 0),
        ("tests/properties/laws/test_laws.py", "how_long = 3", 0),
        ("tests/stories/operator/billing/test_payments.py", "@pytest.mark.long", 0),
    ],
)
def test_a_mark_is_found(path, line, count):
    assert len(long_breaches(Source(path, line))) == count
