"""Countries and their numbers, as columns hold them."""

from jobmeter.base.readers.countries import read_country

MARKET_UNKNOWN = 0


def number_country(code: str) -> int:
    """A country's two letters as a number; 0 where the text is no country."""
    letters = read_country(code)
    if not letters:
        return MARKET_UNKNOWN
    return (ord(letters[0]) - 64) * 32 + ord(letters[1]) - 64


def name_country(number: int) -> str:
    """The way back from ``number_country``; empty where the country is unknown."""
    return "" if number == MARKET_UNKNOWN else chr(number // 32 + 64) + chr(number % 32 + 64)
