"""Owns the values of health. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from jobmeter.base.days import final_at
from jobmeter.metering.streams.model import PartitionState
from jobmeter.upkeep.model import ChoreRun


class QueueName(StrEnum):
    """What waits for a chore."""

    TASKS = "TASKS"
    DELIVERIES = "DELIVERIES"
    FEEDS = "FEEDS"
    FILES = "FILES"
    MAILS = "MAILS"
    LIST_CHANGES = "LIST_CHANGES"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLength:
    """``oldest_at`` is since when the first one waits, or is due; ``None`` if that is not kept or nothing waits."""

    name: str
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """``connections`` are those of all processes to this database, of ``connections_max`` of the whole server.

    ``archive_bytes`` is the log that is not copied yet, ``None`` without an archive.
    """

    version: str
    byte_count: int
    connections: int
    connections_max: int
    last_migration: str
    archive_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``days_due`` days are to be settled and are not, ``first_day_due`` is the earliest; ``ledger_number`` is the highest that a posting
    has received.
    """

    days_due: int
    first_day_due: date | None
    ledger_number: int

    def find_due_since(self, *, final_after_days: int) -> datetime | None:
        """Since when the earliest day has been due; ``None`` if none is."""
        day = self.first_day_due
        return None if day is None else final_at(day, final_after_days=final_after_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """``partitions`` are those of the logs from which events are read."""

    database: DatabaseState
    progress: Progress
    queues: tuple[QueueLength, ...]
    chores: tuple[ChoreRun, ...]
    partitions: tuple[PartitionState, ...]
