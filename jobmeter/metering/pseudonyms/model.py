"""Owns the value of pseudonyms: the salt of a day. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DaySalt:
    """``salt`` is ``None`` for a day that has none: of an earlier version, or long over."""

    day: date
    salt: bytes | None
