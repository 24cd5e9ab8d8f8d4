"""Owns what an e-mail address is: a dot-atom and a host with a dot, in any script; no quoted names. Pure."""

import re

EMAIL_CHARACTERS_MAX = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")


def check_email(text: str) -> str | None:
    """Why the text is refused; ``None`` for an e-mail address."""
    local = text.partition("@")[0]
    if (
        len(text) > EMAIL_CHARACTERS_MAX
        or not _EMAIL.fullmatch(text)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
    ):
        return "is not an e-mail address"
    return None
