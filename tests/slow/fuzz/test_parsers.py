"""Only the documented exception leaves a parser, whatever it is given; inputs are changed towards lines that were not run yet.

``JOBMETER_TESTS_FUZZ_INPUTS`` and ``JOBMETER_TESTS_FUZZ_SEED`` choose how many inputs each parser is given, and which. One line for
each parser is appended to the file that ``JOBMETER_TESTS_FUZZ_RECORD`` names.
"""

import json
import os
from pathlib import Path

import pytest

from tests.slow.fuzz.guided import fuzz
from tests.slow.fuzz.parsers import PARSERS

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


def record(name, found):
    path = os.environ.get("JOBMETER_TESTS_FUZZ_RECORD", "")
    if path:
        line = {
            "parser": name,
            "seed": SEED,
            "inputs": found.tried,
            "refused": found.refused,
            "edges": found.edges,
        } | {"crashes": len(found.crashes)}
        with Path(path).open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(line) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_only_the_documented_exception_leaves_a_parser(parser):
    found = fuzz(parser.parse, documented=parser.documented, seeds=parser.seeds, inputs=INPUTS, seed=SEED)
    record(parser.name, found)
    assert found.crashes == ()


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_the_first_inputs_of_each_parser(parser):
    """A few in each run of the suite, so that a parser that changes is still called as it is meant to be."""
    found = fuzz(parser.parse, documented=parser.documented, seeds=parser.seeds, inputs=FUZZED_FEW, seed=SEED)
    assert found.crashes == ()
    assert found.refused < FUZZED_FEW, "no input is accepted"
    assert found.edges > 1
