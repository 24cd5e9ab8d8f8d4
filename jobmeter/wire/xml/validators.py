"""Owns the validation of single texts: length, characters, e-mail address, URL, number.

Each check returns why a text is invalid, or ``None``. Does not own which field needs which check.
"""

import re

# Characters that are not allowed in XML 1.0, so that no response could contain them.
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
        return "contains a character that is not allowed in XML"
    if len(text) < least:
        return f"has {len(text)} characters, at least {least} are required"
    if len(text) > most:
        return f"has {len(text)} characters, at most {most} are allowed"
    return None


def check_email(text: str) -> str | None:
    local = text.partition("@")[0]
    if not _EMAIL.fullmatch(text) or local.startswith(".") or local.endswith(".") or ".." in local:
        return "is not an e-mail address"
    return None


def check_url(text: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """Requires an absolute URL with a host and without credentials."""
    found = _URL.fullmatch(text)
    if found is None or found["scheme"].lower() not in schemes:
        return f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    return "must not contain a user name" if found["user"] else None


def read_number(text: str) -> int | None:
    """Parses a positive integer that fits into 64 bits; ``None`` for other texts."""
    return int(text) or None if _NUMBER.fullmatch(text) and text.isascii() else None
