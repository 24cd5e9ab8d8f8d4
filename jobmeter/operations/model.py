"""Owns the values of operations. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """``lost_by`` names the settings by which a commit could be lost; ``last_migration`` is empty without a schema."""

    server_time: datetime
    lost_by: tuple[str, ...]
    last_migration: str
