"""The page of the rounds of faults is that of its record."""

from tests.slow.faults.record import PAGE, print_page, read


def test_the_page_is_that_of_its_record() -> None:
    assert PAGE.read_text(encoding="utf-8") == print_page(read()), "run make docs"
