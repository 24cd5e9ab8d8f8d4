"""Owns reading the fields of the programme's forms: each returns its value, or ``None`` and keeps a text for the field."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from jobmeter.base.faults import Refused
from jobmeter.base.money import parse_amount
from jobmeter.base.readers.times import EARLIEST, LATEST, read_day
from jobmeter.http.parameters import CURSOR_DIGITS_MAX
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit

TEXT_CHARACTERS_MAX = 100
COUNT_MAX = 2**31 - 1
ENTER_TEXT = mark("Enter a text of at most 100 characters")
ENTER_AMOUNT = mark("Enter an amount such as 1500.00")
ENTER_DAY = mark("Enter a day")
ENTER_NUMBER = mark("Enter a whole number, at least %(least)s")


class Fields:
    """The fields of a form, or of a query, and what is wrong with them: all problems at once."""

    def __init__(self, visit: Visit, given: Mapping[str, str]) -> None:
        self._visit, self._given = visit, given
        self.problems: dict[str, str] = {}

    def get(self, name: str) -> str:
        return self._given.get(name, "").strip()

    def refuse(self, name: str, text: str, **values: object) -> None:
        """Keeps the first problem of a field."""
        self.problems.setdefault(name, self._visit.gettext(text) % values)

    def read_text(self, name: str, *, is_needed: bool = True) -> str:
        text = self.get(name)
        if len(text) > TEXT_CHARACTERS_MAX or "\0" in text or (is_needed and not text):
            self.refuse(name, ENTER_TEXT)
        return text

    def read_number(self, name: str, *, least: int = 1, largest: int = COUNT_MAX) -> int:
        text = self.get(name)
        digits = text.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= CURSOR_DIGITS_MAX
        if not is_number or not least <= int(text) <= largest:
            self.refuse(name, ENTER_NUMBER, least=self._visit.viewer.number(least))
            return least
        return int(text)

    def read_micros(self, name: str, currency: str, *, least: int = 1) -> int:
        """Reads an amount as it is written in requests: a point before the decimals, no separators."""
        try:
            micros = parse_amount(self.get(name), currency).amount_micros
        except Refused:
            micros = least - 1
        if micros < least:
            self.refuse(name, ENTER_AMOUNT)
        return micros

    def read_day(self, name: str) -> date:
        day = read_day(self.get(name))
        if day is None or not EARLIEST <= midnight(day) < LATEST:
            self.refuse(name, ENTER_DAY)
            return EARLIEST.date()
        return day


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
