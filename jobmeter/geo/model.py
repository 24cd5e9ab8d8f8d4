"""Owns the values that location look-ups return."""

from dataclasses import dataclass

from jobmeter.base.ids import URN_GEO


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """``text`` is the standardized location in the requested language."""

    number: int
    text: str
    country: str

    @property
    def urn(self) -> str:
        return f"{URN_GEO}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A parsed location text. Unknown parts are empty; a text that is not recognized is the locality as a whole."""

    locality: str
    region: str
    country: str
