"""The page on provoking errors covers every error of the protocol."""

import re

import pytest

from jobmeter.base.faults import Fault
from tests.support.paths import DOCS

PAGE = DOCS / "how-to" / "provoke-refusals.md"
BLOCKS = {1, 2, 3, 4, 6}  # thousands: the gateway and Rest.li, tokens, contracts and money, jobs, reports


def list_covered() -> set[str]:
    """Returns the names and codes of faults on the page, with ranges expanded."""
    text = PAGE.read_text(encoding="utf-8")
    ranges = re.findall(r"\b(\d{4}) to (\d{4})\b", text)
    expanded = {str(code) for first, last in ranges for code in range(int(first), int(last) + 1)}
    return set(re.findall(r"\b(?:[A-Z][A-Z_]+[A-Z]|\d{4})\b", text)) | expanded


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault.row.code // 1_000 in BLOCKS])
def test_every_error_has_a_recipe(fault: Fault) -> None:
    assert {fault.name, str(fault.row.code)} & list_covered()


def test_every_name_on_the_page_is_a_fault() -> None:
    names = {
        name for name in list_covered() if "_" in name and not name.startswith(("JOBMETER_", "PAYMENTS_"))
    }
    assert names <= {fault.name for fault in Fault}
