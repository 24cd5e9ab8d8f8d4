"""The positions of a database and of its replica in the log. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """What the database had written. ``system_id`` is that of the database and of all its replicas."""

    system_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replica had replayed; no position if it is none, for example because it has taken over from the database."""

    system_id: int
    position: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    """All that was committed before the second ``at``, of a clock that only this process knows, is before ``written``."""

    at: float
    written: Written
