"""``jobmeter faults``: what an error means and what can be done about it, by its code, its name or its HTTP status."""

import json
import re

import pytest

from jobmeter.base.faults import Fault
from jobmeter.base.remedies import REMEDIES
from jobmeter.cli.faults import find_faults
from jobmeter.cli.main import main
from tests.stories.cli.commands import COMMANDS

ALIKE_MAX = 15  # most errors have a remedy of their own


@pytest.fixture
def run(capsys):
    def call(*words):
        with pytest.raises(SystemExit) as ended:
            main(["faults", *words])
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out + printed.err

    return call


def test_every_error_has_a_remedy_in_one_sentence_or_a_few():
    assert set(REMEDIES) == set(Fault)
    assert [fault.name for fault, text in REMEDIES.items() if not text.endswith((".", "...", ")"))] == []
    assert max(map(len, REMEDIES.values())) < 200
    assert max(list(REMEDIES.values()).count(text) for text in REMEDIES.values()) <= ALIKE_MAX


def test_the_commands_that_a_remedy_names_exist():
    named = {
        found for text in REMEDIES.values() for found in re.findall(r"\bjobmeter ((?:[a-z-]+ ?)+)", text)
    }
    assert len(named) > 10
    for words in named:
        assert any(f"{words.strip()} ".startswith(f"{name} ") for name in COMMANDS), words


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("6011", ["RANGE_TWO_MONTHS"]),
        ("range_two_months", ["RANGE_TWO_MONTHS"]),
        ("65602", ["TOKEN_EXPIRED"]),
        ("EXPIRED_ACCESS_TOKEN", ["TOKEN_EXPIRED"]),
        ("426", ["VERSION_NONEXISTENT"]),
        ("404", [fault.name for fault in Fault if fault.row.status == 404]),
        ("418", []),
        ("²", []),
        ("9" * 5_000, []),
    ],
)
def test_errors_are_found(text, names):
    assert [fault.name for fault in find_faults(text)] == names


def test_an_error_is_explained_and_a_misspelt_name_is_corrected(run):
    code, printed = run("6011")
    assert (code, "1 calendar month" in printed, REMEDIES[Fault.RANGE_TWO_MONTHS] in printed) == (
        0,
        True,
        True,
    )
    assert json.loads(run("6011", "--json")[1])["name"] == "RANGE_TWO_MONTHS"
    code, printed = run("RANGE_TWO_MONTH")
    assert (code, "did you mean RANGE_TWO_MONTHS?" in printed) == (1, True)
    assert [one["code"] for one in json.loads(run("--json")[1])] == [fault.row.code for fault in Fault]
    assert "GATEWAY_TIMEOUT" in run()[1]
