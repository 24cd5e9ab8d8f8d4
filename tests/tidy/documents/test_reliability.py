"""The page of the rounds of faults and of bad inputs is that of their records."""

from tests.slow.faults.record import PAGE, print_page, read
from tests.slow.fuzz.record import read as read_inputs


def test_the_page_is_that_of_its_record() -> None:
    assert PAGE.read_text(encoding="utf-8") == print_page(read(), read_inputs()), "run make docs"
