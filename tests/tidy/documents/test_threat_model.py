"""Each threat of the threat model has a defence and a test, and each test that the page names exists."""

import ast
import re

import pytest

from tests.tidy.source import ROOT, Breach, refuse

PAGE = "docs/explanation/threat-model.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ROW = re.compile(r"^\| (?!threat \||---)(.*) \|$")


def list_breaches(text):
    found, in_threats = [], False
    for line, row in enumerate(text.splitlines(), 1):
        in_threats = (in_threats or row == "## Threats") and row != "## What is left"
        cells = row.strip("| ").split(" | ") if in_threats and _ROW.match(row) else None
        if cells is not None and not (len(cells) == 3 and cells[1] and _TEST.search(cells[2])):
            found.append(Breach(PAGE, line, "a threat needs a defence, and a test that proves it"))
        found += [
            Breach(PAGE, line, f"{one[0]} does not exist")
            for one in _TEST.finditer(row)
            if not exists(*one.groups())
        ]
    return found


def exists(path, name):
    file = ROOT / path
    if not file.is_file():
        return False
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    return name is None or name in {getattr(node, "name", "") for node in nodes}


def test_each_threat_has_a_defence_and_a_test_that_exists():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert len(_TEST.findall(text)) > 40
    refuse(list_breaches(text))


@pytest.mark.parametrize(
    "row",
    [
        "| theft | |  |",
        "| theft | locks | see above |",
        "| theft | locks | `tests/tidy/documents/test_absent.py` |",
        "| theft | locks | `tests/tidy/documents/test_threat_model.py::test_absent` |",
    ],
)
def test_what_is_missing_is_noticed(row):
    assert list_breaches(f"## Threats\n\n| threat | defence | test |\n| --- | --- | --- |\n{row}\n")
