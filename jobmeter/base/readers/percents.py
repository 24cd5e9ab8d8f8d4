"""Owns percentages in texts, such as ``21`` and ``5.5``, as millionths: 21 % is 210,000. Pure."""

import re

MICROS_PER_PERCENT = 10_000
_PERCENT = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,4}))?")


def read_percent(text: str) -> int | None:
    """The millionths of ``5.5``; ``None`` for every other text, and for more than four decimal places."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) * MICROS_PER_PERCENT + int((found[2] or "").ljust(4, "0"))


def format_percent(micros: int) -> str:
    """The percentage with as many decimal places as it needs."""
    whole, rest = divmod(micros, MICROS_PER_PERCENT)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
