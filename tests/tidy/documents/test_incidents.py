"""The tests that the page of incidents names exist."""

import re

from tests.support.paths import ROOT
from tests.tidy.source import sources

NAME = re.compile(r"`(test_\w+)`")
TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def test_every_incident_names_tests_that_exist():
    known = [name for source in sources(".py", "tests") for name in TEST.findall(source.text)]
    page = (ROOT / "tests/incidents/README.md").read_text(encoding="utf-8")
    named = NAME.findall(page)
    assert len(named) > 30
    assert [name for name in named if not any(one.startswith(name) for one in known)] == []
