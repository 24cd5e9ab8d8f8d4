"""What came of the check of a law."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How many rows were looked at, how many break the law, and the first of those in words."""

    checked: int
    breaches: int
    example: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LawCheck(Finding):
    """One law, in words, and what its check found."""

    law: str
