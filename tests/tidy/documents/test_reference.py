"""The reference pages match the tables in the code."""

import pytest

from jobmeter.cli.server.reference import PAGES, print_unchecked
from tests.support.paths import DOCS

FOLDER = DOCS / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


def test_the_list_of_what_is_not_checked_is_up_to_date() -> None:
    page = (DOCS / "explanation" / "money.md").read_text(encoding="utf-8")
    assert page.endswith(print_unchecked()), "run make docs"


def test_there_are_no_other_pages() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)
