"""Countries and their numbers, as columns hold them."""

MARKET_UNKNOWN = 0


def number_country(code: str) -> int:
    """The two letters of an ISO 3166 code as a number; 0 where it is none."""
    letters = code.upper()
    if len(letters) != 2 or not (letters.isascii() and letters.isalpha()):
        return MARKET_UNKNOWN
    return (ord(letters[0]) - 64) * 32 + ord(letters[1]) - 64


def name_country(number: int) -> str:
    """The way back from ``number_country``; empty where the country is unknown."""
    return "" if number == MARKET_UNKNOWN else chr(number // 32 + 64) + chr(number % 32 + 64)
