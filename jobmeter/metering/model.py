"""Owns the values of intake: the verdict on an event, a batch as columns, the reply."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np

from jobmeter.database.arrays import Column
from jobmeter.database.columns import Bigint, Columns, Integer, Local, Smallint, Uuid, shards_of


class EventKind(IntEnum):
    """Numbers are stored; they index ``wire.events.KINDS``."""

    VIEW = 0
    APPLY_CLICK = 1


class Verdict(IntEnum):
    """The ordered table of intake filters: the first that holds is the reason. Numbers are stored.

    The text is what the sender and the partner read.
    """

    message: str

    def __new__(cls, number: int, message: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.message = message
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
    NOT_A_BROWSER = (
        9,
        "its user agent is not that of a known browser, or is absent where the contract requires one",
    )
    BURST = 10, "too many clicks of one visitor or network in a short time"


VERDICTS = {int(verdict): verdict for verdict in Verdict}

# These are reported to the sender and not stored: there is no job, or no day, that they could belong to.
NOT_STORED = frozenset({Verdict.MALFORMED, Verdict.JOB_UNKNOWN, Verdict.TOO_OLD, Verdict.IN_FUTURE})


@dataclass(frozen=True, slots=True)
class EventColumns(Columns):
    """A batch as decoded, in the sender's order.

    ``keys`` holds 16 bytes a row: the event's milliseconds (48 bits) and a hash of source and id (80 bits).
    ``job_ids`` is 0 where no job is named that exists, ``countries`` where the event names none. ``flaws`` message why a
    row cannot be read; it is ``None`` for one that can.
    """

    keys: Local
    times_ms: Local
    kinds: Local
    job_ids: Local
    visitors: Local
    addresses: Local
    crawlers: Local
    countries: Local
    malformed: Local
    flaws: Local


@dataclass(frozen=True, slots=True)
class HiddenSenders:
    """Visitors and networks as they are stored (``pseudonyms``), one of each for an event."""

    visitors: Column
    addresses: Column


@dataclass(frozen=True, slots=True)
class BatchStart:
    """A batch's number, and the revision of the filters: whether what is remembered of them still holds."""

    batch: int
    filter_revision: int


@dataclass(frozen=True, slots=True)
class StoredEvents(Columns):
    """Events as the database keeps them: THE list of their columns, in the order in which they are copied.

    Apart from statements and migrations, no other file names all of them.
    """

    shards: Smallint
    keys: Uuid
    job_ids: Bigint
    kinds: Smallint
    verdicts: Smallint
    visitors: Bigint
    addresses: Bigint
    batches: Bigint

    @classmethod
    def of_batch(
        cls, columns: EventColumns, senders: HiddenSenders, verdicts: Column, rows: Column, batch: int
    ) -> Self:
        """Those ``rows`` of a batch, whose visitors and networks are ``senders``."""
        job_ids = columns.job_ids[rows]
        return cls(
            shards=shards_of(job_ids),
            keys=columns.keys[rows],
            job_ids=job_ids,
            kinds=columns.kinds[rows],
            verdicts=verdicts[rows],
            visitors=senders.visitors,
            addresses=senders.addresses,
            batches=np.full(len(rows), batch, dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class StagedEvents(StoredEvents):
    """The same, with each event's row in the batch, to identify those that were new."""

    row_indexes: Integer


@dataclass(frozen=True, slots=True)
class SentEvents(Columns):
    """Events of a batch that may have been counted before, with the row of each."""

    shards: Smallint
    keys: Uuid
    row_indexes: Integer


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
