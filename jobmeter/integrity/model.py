"""Owns the values of the check: the result of one law."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How many rows were checked, how many break the law, and the first of those in words."""

    checked: int
    breaches: int
    example: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck(Finding):
    """One law, in words, and the result of its check."""

    law: str
