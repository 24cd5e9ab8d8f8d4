"""Owns the conversion of country codes to the numbers that are stored in columns, and back."""

from jobmeter.base.readers.countries import read_country

MARKET_UNKNOWN = 0


def number_country(code: str) -> int:
    """A country's two letters as a number; 0 where the text is not a country."""
    letters = read_country(code)
    if not letters:
        return MARKET_UNKNOWN
    return (ord(letters[0]) - 64) * 32 + ord(letters[1]) - 64


def name_country(number: int) -> str:
    """Reverses ``number_country``; empty if the country is unknown."""
    return "" if number == MARKET_UNKNOWN else chr(number // 32 + 64) + chr(number % 32 + 64)
