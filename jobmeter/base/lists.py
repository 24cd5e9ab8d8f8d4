"""Owns the comma-separated list, in which settings and locations are written. Pure."""


def list_parts(text: str) -> list[str]:
    """The parts of a comma-separated text, such as a new key and the one that it replaces, without empty ones."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def list_rising_days(text: str) -> list[int]:
    """The days of a text such as ``3,14,30``; none of an empty one.

    Raises ``ValueError`` unless they are whole numbers above zero, each higher than the one before.
    """
    days = [
        int(part) if part.isascii() and part.isdigit() and len(part) < 4 else 0 for part in list_parts(text)
    ]
    if sorted({*days} - {0}) != days:
        raise ValueError(f"must be days that increase, such as 3,14,30, not {text!r}")
    return days
