"""Current charges: what may be reversed or credited, and what may restate a job's day."""

from dataclasses import dataclass
from enum import IntEnum


class RestatementCause(IntEnum):
    """Why a job's day changed after reports showed it. Numbers are stored."""

    LATE_EVENTS = 1
    SETTLEMENT = 2


@dataclass(frozen=True, slots=True)
class StandingCharge:
    """A charge as it was booked."""

    shard: int
    job_id: int
    partner_contract_id: int
    currency: str
    amount_micros: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """What went back to budgets. ``jobs_resumed`` are open and can afford a click again."""

    micros: int
    jobs_resumed: tuple[int, ...]
