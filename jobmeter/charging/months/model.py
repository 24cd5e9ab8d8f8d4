"""How far the keeping of months has come."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RollupProgress:
    """The final days that jobs' months hold: those of months from ``kept_since``, up to ``kept_through``."""

    kept_since: date
    kept_through: date
