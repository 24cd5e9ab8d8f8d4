"""Owns the cells of CSV files: text that a spreadsheet would run as a formula is quoted. Pure."""

FIRST_CHARACTERS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def guard_cell(text: str) -> str:
    """Returns text from outside as a cell that every spreadsheet shows as text."""
    return f"'{text}" if text.startswith(FIRST_CHARACTERS_OF_FORMULAS) else text
