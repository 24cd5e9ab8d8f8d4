"""Owns the conversion of country codes to the numbers that are stored in columns, and back."""

MARKET_UNKNOWN = 0


def number_country(code: str) -> int:
    """Returns a two-letter ISO 3166 code as a number; 0 if ``code`` is not one."""
    letters = code.upper()
    if len(letters) != 2 or not (letters.isascii() and letters.isalpha()):
        return MARKET_UNKNOWN
    return (ord(letters[0]) - 64) * 32 + ord(letters[1]) - 64


def name_country(number: int) -> str:
    """Reverses ``number_country``; empty if the country is unknown."""
    return "" if number == MARKET_UNKNOWN else chr(number // 32 + 64) + chr(number % 32 + 64)
