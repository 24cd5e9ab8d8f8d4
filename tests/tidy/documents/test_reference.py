"""The reference pages match the tables in the code."""

import re

import pytest

from jobmeter.cli.server.command_pages import list_pictures
from jobmeter.cli.server.reference import PAGES, PRINTED_SECTIONS
from tests.support.paths import DOCS

FOLDER = DOCS / "reference"
PICTURES_BYTES_MAX = 1_000_000


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


@pytest.mark.parametrize("name", PRINTED_SECTIONS)
def test_the_printed_section_is_up_to_date(name: str) -> None:
    page = (DOCS / "explanation" / name).read_text(encoding="utf-8")
    assert page.endswith(PRINTED_SECTIONS[name][1]()), "run make docs"


def test_there_are_no_other_pages() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} == set(PAGES)


def test_the_pictures_of_the_command_line_are_up_to_date_and_small() -> None:
    pictures = list_pictures()
    kept = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / "commands").iterdir()}
    assert set(kept) == set(pictures)
    assert [name for name, render in pictures.items() if kept[name] != render()] == [], "run make docs"
    assert sum(map(len, kept.values())) < PICTURES_BYTES_MAX
    assert [name for name, text in kept.items() if re.search(r"\burl\(|href|@import", text)] == []
