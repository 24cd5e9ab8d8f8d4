"""Owns what makes a single text acceptable: its length, its characters, an e-mail address, a URL, a number.

Each check returns why a text is refused, or ``None``. Does not own which field needs which.
"""

import re

# What no XML 1.0 document can carry, and so no look-up could show.
UNCARRIED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
_NUMBER = re.compile(r"[0-9]{1,18}")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z]{1,10})://(?P<user>[^\s/?#@\\]*@)?"
    r"(?:[\w-]{1,63}(?:\.[\w-]{1,63}){0,20}\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
    r"(?:[/?#][^\s\x00-\x20\x7f<>\"\\`]*)?"
)


def check_characters(text: str, size: tuple[int, int]) -> str | None:
    least, most = size
    if UNCARRIED.search(text):
        return "holds a character that XML can not carry"
    if len(text) < least:
        return f"has {len(text)} characters, at least {least} are needed"
    if len(text) > most:
        return f"has {len(text)} characters, at most {most} are allowed"
    return None


def check_email(text: str) -> str | None:
    local = text.partition("@")[0]
    if not _EMAIL.fullmatch(text) or local.startswith(".") or local.endswith(".") or ".." in local:
        return "is not an e-mail address"
    return None


def check_url(text: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """An absolute URL with a host, and without credentials in it."""
    found = _URL.fullmatch(text)
    if found is None or found["scheme"].lower() not in schemes:
        return f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    return "may not hold a user name" if found["user"] else None


def read_number(text: str) -> int | None:
    """A whole number above zero that fits 64 bits."""
    return int(text) or None if _NUMBER.fullmatch(text) and text.isascii() else None
