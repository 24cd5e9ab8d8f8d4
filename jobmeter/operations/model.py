"""Owns the values of operations. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """``lost_by`` names the settings by which a commit could be lost; ``last_migration`` is empty without a schema.
    ``keeps_tenants_apart`` is whether sessions may have the role to which other tenants' rows are invisible; none of a
    cluster may.
    """

    server_time: datetime
    lost_by: tuple[str, ...]
    last_migration: str
    keeps_tenants_apart: bool
