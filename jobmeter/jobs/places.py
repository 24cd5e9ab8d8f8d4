"""Owns what a location text says of its country. Does not own a gazetteer."""

from functools import lru_cache

from babel import Locale

_ALSO_CALLED = {"USA": "US", "UK": "GB", "ENGLAND": "GB", "SCOTLAND": "GB", "WALES": "GB"}


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    territories = Locale("en").territories
    return {name.upper(): code for code, name in territories.items() if len(code) == 2}


@lru_cache(maxsize=10_000)
def country_of(location: str) -> str:
    """The ISO 3166 code of the last part of ``"City, State, Country"``; empty where it names none."""
    last = location.rsplit(",", 1)[-1].strip().upper()
    known = _codes_by_name()
    if len(last) == 2 and last in known.values():
        return last
    return _ALSO_CALLED.get(last) or known.get(last, "")
