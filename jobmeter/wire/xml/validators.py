"""Owns the validation of single texts: length, characters, number.

Each check returns why a text is invalid, or ``None``. Does not own which field needs which check, or e-mail addresses and
URLs (``jobmeter.base.readers``).
"""

import re

# Characters that are not allowed in XML 1.0, so that no response could contain them.
UNCARRIED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[0-9]{1,18}")


def check_characters(text: str, size: tuple[int, int]) -> str | None:
    least, most = size
    if UNCARRIED.search(text):
        return "contains a character that is not allowed in XML"
    if len(text) < least:
        return f"has {len(text)} characters, at least {least} are required"
    if len(text) > most:
        return f"has {len(text)} characters, at most {most} are allowed"
    return None


def read_number(text: str) -> int | None:
    """Parses a positive integer that fits into 64 bits; ``None`` for other texts."""
    return int(text) or None if _NUMBER.fullmatch(text) and text.isascii() else None
