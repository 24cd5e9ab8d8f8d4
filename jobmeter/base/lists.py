"""Owns the comma-separated list, in which settings and locations are written. Pure."""


def list_parts(text: str) -> list[str]:
    """The parts of a comma-separated text, such as a new key and the one that it replaces, without empty ones."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]
