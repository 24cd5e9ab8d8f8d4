"""Only the documented exception leaves a parser, whatever it is given; inputs are changed towards lines that were not run yet.

``JOBMETER_TESTS_FUZZ_INPUTS`` and ``JOBMETER_TESTS_FUZZ_SEED`` choose how many inputs each parser is given, and which.
"""

import os
from collections import Counter
from dataclasses import replace

import pytest

from tests.slow.fuzz.guided import fuzz
from tests.slow.fuzz.parsers import PARSERS
from tests.slow.fuzz.record import VARIABLE, Row, append, make_row, print_section, read

INPUTS = int(os.environ.get("JOBMETER_TESTS_FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("JOBMETER_TESTS_FUZZ_SEED", "1"))
FUZZED_FEW = 100


def parse_planted(sent):
    """Fails for one word alone, which three lines lead to."""
    if sent[:1] == b"j":
        if sent[1:2] == b"o":
            if sent[2:3] == b"b":
                raise ZeroDivisionError
            return 2
        return 1
    return 0


@pytest.mark.slow
def test_inputs_are_led_to_a_failure_that_chance_does_not_find():
    """Nor does the same seed without a look at the lines; with it, it leads to the same again."""
    found, blind = (
        fuzz(parse_planted, documented=(), seeds=(b"aaa",), inputs=40_000, seed=SEED, within=within)
        for within in (__file__, "nowhere")
    )
    assert [crash.sent[:3] for crash in found.crashes] == [b"job"]
    assert blind.crashes == ()
    again = fuzz(parse_planted, documented=(), seeds=(b"aaa",), inputs=40_000, seed=SEED, within=__file__)
    assert again == found


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_only_the_documented_exception_leaves_a_parser(parser):
    found = fuzz(parser.parse, documented=parser.documented, seeds=parser.seeds, inputs=INPUTS, seed=SEED)
    append(
        Row(
            target=parser.name,
            is_parser=True,
            seed=SEED,
            inputs=found.tried,
            refused=found.refused,
            failed=len(found.crashes),
        )
    )
    assert found.crashes == ()


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_the_first_inputs_of_each_parser(parser):
    """A few in each run of the suite, so that a parser that changes is still called as it is meant to be."""
    found = fuzz(parser.parse, documented=parser.documented, seeds=parser.seeds, inputs=FUZZED_FEW, seed=SEED)
    assert found.crashes == ()
    assert found.refused < FUZZED_FEW, "no input is accepted"
    assert found.edges > 1


def test_inputs_in_parts_count_together(tmp_path, monkeypatch):
    path = tmp_path / "inputs.jsonl"
    row = Row(target="times", is_parser=True, seed=1, inputs=1_000, refused=900, failed=0)
    append(row)  # recorded nowhere
    monkeypatch.setenv(VARIABLE, str(path))
    for one in (row, replace(row, seed=2, failed=1), replace(row, target="days")):
        append(one)
    append(make_row("bytes", 1, Counter({200: 3, 404: 2, 500: 1})))
    lines = print_section(read(path)).splitlines()
    for line in (
        "| times | 2,000 | 1,800 | 1 |",
        "| days | 1,000 | 900 | 0 |",
        "| all | 3,000 | 2,700 | 1 |",
        "| bytes | 6 | 2 | 1 |",
    ):
        assert line in lines
