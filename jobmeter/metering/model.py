"""Owns the values of intake: the verdict on an event, a batch as columns, the reply."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from jobmeter.database.arrays import Column


class EventKind(IntEnum):
    """Numbers are stored; they index ``wire.events.KINDS``."""

    VIEW = 0
    APPLY_CLICK = 1


class Verdict(IntEnum):
    """The ordered table of intake filters: the first that holds is the reason. Numbers are stored.

    The text is what the sender and the partner read.
    """

    says: str

    def __new__(cls, number: int, says: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.says = says
        return member

    COUNTED = 0, "counts"
    MALFORMED = 1, "the event cannot be read"
    JOB_UNKNOWN = 2, "no such job"
    TOO_OLD = 3, "older than 48 hours, or than its contract allows"
    IN_FUTURE = 4, "its time is in the future"
    JOB_NOT_LIVE = 5, "the job was not live at that time"
    CRAWLER = 6, "it is a crawler's, by its user agent or as declared"
    OUTSIDE_MARKET = 7, "it came from another country than the job is for"
    EXCLUDED_VISITOR = 8, "the visitor is one of those the customer excluded"


VERDICTS = {int(verdict): verdict for verdict in Verdict}

# These are told to the sender and not kept: there is no job, or no day, that they could belong to.
NOT_STORED = frozenset({Verdict.MALFORMED, Verdict.JOB_UNKNOWN, Verdict.TOO_OLD, Verdict.IN_FUTURE})


@dataclass(frozen=True, slots=True)
class EventColumns:
    """A batch as equally long columns, in the sender's order.

    ``countries`` is 0 where none is told. ``keys`` holds 16 bytes a row: the event's milliseconds (48 bits) and a hash of source and id (80 bits).
    ``job_ids`` is 0 where no job is named that exists; ``flaws`` tells why a row cannot be read.
    """

    keys: Column
    times_ms: Column
    kinds: Column
    job_ids: Column
    visitors: Column
    addresses: Column
    crawlers: Column
    countries: Column
    malformed: Column
    flaws: dict[int, str]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Rejection:
    index: int
    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class IntakeReply:
    """``rejections`` lists at most a thousand; ``rejected`` counts all."""

    accepted: int
    duplicate: int
    rejected: int
    rejections: tuple[Rejection, ...]
    clicks_charged: int
    jobs_noted: tuple[int, ...]
