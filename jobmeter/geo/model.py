"""Owns the value of a place found for a location text."""

from dataclasses import dataclass

from jobmeter.base.ids import URN_GEO


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """``text`` is the standardized location in the language asked for."""

    number: int
    text: str
    country: str

    @property
    def urn(self) -> str:
        return f"{URN_GEO}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A parsed location text: what is not known of it is empty; a text that is not understood is all locality."""

    locality: str
    region: str
    country: str
