"""Owns reading the fields of the programme's forms: each returns its value, or ``None`` and keeps a text for the field."""

from collections.abc import Mapping

from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit

TEXT_CHARACTERS_MAX = 100
NUMBER_DIGITS_MAX = 9
ENTER_TEXT = mark("Enter a text of at most 100 characters")
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

    def read_number(self, name: str, *, least: int = 1) -> int:
        text = self.get(name)
        digits = text.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= NUMBER_DIGITS_MAX
        if not is_number or int(text) < least:
            self.refuse(name, ENTER_NUMBER, least=self._visit.viewer.number(least))
            return least
        return int(text)
