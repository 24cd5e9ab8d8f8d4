"""Owns the record of bad inputs: a line of JSON for each parser, or each kind of request, that was given some; and the part of
``docs/reliability.md`` that is printed from it.

Inputs that were tried in parts count together. Imports nothing but the standard library. Does not own trying them.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "JOBMETER_TESTS_INPUTS_RECORD"
RECORD = Path(__file__).with_name("inputs.jsonl")
TENANTS = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "tenants.md"
_DENIED = re.compile(
    r"^(\d+) routes, (\d+) roles, (\d+) kinds of id: (\d+) checks, (\d+) leaks$", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """``failed`` counts exceptions that are not documented; of requests, responses with 500 and above. ``target`` is what was given
    the inputs, of the seed.
    """

    target: str
    is_parser: bool
    seed: int
    inputs: int
    refused: int
    failed: int


def make_row(target: str, seed: int, statuses: Counter[int]) -> Row:
    """Of requests, by the statuses of their responses."""
    return Row(
        target=target,
        is_parser=False,
        seed=seed,
        inputs=statuses.total(),
        refused=sum(count for status, count in statuses.items() if 400 <= status < 500),
        failed=sum(count for status, count in statuses.items() if status >= 500),
    )


def append(row: Row) -> None:
    """To the file that ``JOBMETER_TESTS_INPUTS_RECORD`` names; without it nothing is recorded."""
    path = os.environ.get(VARIABLE, "")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def read(path: Path = RECORD) -> list[Row]:
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def print_section(rows: Sequence[Row]) -> str:
    """The section of the page."""
    parsers = [row for row in rows if row.is_parser]
    requests = [row for row in rows if not row.is_parser]
    routes, roles, kinds, checks, leaks = map(int, _DENIED.findall(TENANTS.read_text(encoding="utf-8"))[0])
    return f"""\
## Bad inputs, and what is another's

Every parser is given inputs that are changed towards lines of it that were not run yet, and may raise only what it documents. Routes are
given random bytes, and values that the OpenAPI document permits or excludes; no response may be of 500 or above.

{_print_table("parser", "crashes", parsers)}
{_print_table("requests", "of 500 and above", requests)}
Strangers ask for what is another's, and for what does not exist; both responses must be the same ([tenants](explanation/tenants.md)):
{routes} routes x {roles} identities x {kinds} kinds of id, {checks:,} pairs of requests, {leaks} of them different.
"""


def _print_table(heading: str, failures: str, rows: Sequence[Row]) -> str:
    if not rows:
        return "None is recorded yet.\n"
    lines = [f"| {heading} | inputs | refused | {failures} |", "| --- | ---: | ---: | ---: |"]
    targets = sorted({row.target for row in rows})
    lines += [_print_line(target, [row for row in rows if row.target == target]) for target in targets]
    return "\n".join([*lines, _print_line("all", rows)]) + "\n"


def _print_line(name: str, rows: Sequence[Row]) -> str:
    sums = (
        sum(row.inputs for row in rows),
        sum(row.refused for row in rows),
        sum(row.failed for row in rows),
    )
    return f"| {name} | " + " | ".join(f"{one:,}" for one in sums) + " |"
