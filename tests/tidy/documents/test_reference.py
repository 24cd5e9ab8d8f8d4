"""The reference pages are what the tables print."""

import pytest

from jobmeter.cli.reference import PAGES
from tests.support.paths import DOCS

FOLDER = DOCS / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_printed(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "make docs"


def test_a_page_that_is_not_printed_is_not_there() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)
