"""Owns the values of upkeep. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoreRun:
    """``worked_at`` is when the chore last found something to do, ``failed_at`` when it last failed; ``None`` if it never did."""

    name: str
    ran_at: datetime
    worked_at: datetime | None
    failed_at: datetime | None
