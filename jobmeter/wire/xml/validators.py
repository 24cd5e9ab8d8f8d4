"""Owns what makes a single text acceptable: its length, its characters, a number.

Each check returns why a text is refused, or ``None``. Does not own which field needs which, or e-mail addresses and
URLs (``jobmeter.base.readers``).
"""

import re

# What no XML 1.0 document can carry, and so no look-up could show.
UNCARRIED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[0-9]{1,18}")


def check_characters(text: str, size: tuple[int, int]) -> str | None:
    least, most = size
    if UNCARRIED.search(text):
        return "holds a character that XML can not carry"
    if len(text) < least:
        return f"has {len(text)} characters, at least {least} are needed"
    if len(text) > most:
        return f"has {len(text)} characters, at most {most} are allowed"
    return None


def read_number(text: str) -> int | None:
    """A whole number above zero that fits 64 bits."""
    return int(text) or None if _NUMBER.fullmatch(text) and text.isascii() else None
