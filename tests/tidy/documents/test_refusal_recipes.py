"""The page that says how to provoke each refusal leaves none of the protocol's out."""

import re

import pytest

from jobmeter.base.faults import Fault
from tests.support.paths import DOCS

PAGE = DOCS / "how-to" / "provoke-refusals.md"
BLOCKS = {1, 2, 3, 4, 6}  # of thousands: the gateway and Rest.li, tokens, contracts and money, jobs, reports


def list_told() -> set[str]:
    """Names of faults and their codes, ranges spelled out."""
    text = PAGE.read_text(encoding="utf-8")
    ranges = re.findall(r"\b(\d{4}) to (\d{4})\b", text)
    spelled = {str(code) for first, last in ranges for code in range(int(first), int(last) + 1)}
    return set(re.findall(r"\b(?:[A-Z][A-Z_]+[A-Z]|\d{4})\b", text)) | spelled


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault.row.code // 1_000 in BLOCKS])
def test_a_refusal_has_its_recipe(fault: Fault) -> None:
    assert {fault.name, str(fault.row.code)} & list_told()


def test_every_name_on_the_page_is_a_fault() -> None:
    names = {name for name in list_told() if "_" in name and not name.startswith(("JOBMETER_", "PAYMENTS_"))}
    assert names <= {fault.name for fault in Fault}
