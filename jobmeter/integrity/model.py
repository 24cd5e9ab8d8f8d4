"""What came of the check of a law."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LawCheck:
    """One law: how many rows were looked at, how many break it, and the first of those in words."""

    law: str
    checked: int
    breaches: int
    example: str | None
