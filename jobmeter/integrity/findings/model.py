"""Owns the value that every law returns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How many rows were checked, how many break the law, and the first of those in words."""

    checked: int
    breaches: int
    example: str | None
