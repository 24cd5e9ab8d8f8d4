"""Owns the values of streams: messages as a log keeps them, positions in it, and who reads what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jobmeter.wire.messages import Message

# A consumer that has not been seen for this long is taken for gone, and others read its partitions.
CLAIM_SPAN = timedelta(seconds=15)


class PositionLostError(Exception):
    """Another consumer reads the partition now, or has read further: nothing was recorded."""


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message with its offset: its place in the partition."""

    offset: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Messages of one partition in their order, which begin at ``first_offset``; ``next_offset`` is where reading continues.

    ``messages_waiting`` more are in the log. A portion without messages says only that, and where the log continues.
    """

    partition: str
    first_offset: int
    next_offset: int
    messages: tuple[LoggedMessage, ...]
    messages_waiting: int

    def split(self, count: int) -> tuple["Portion", "Portion"]:
        """The first ``count`` messages, and the rest."""
        middle = self.messages[count].offset if count < len(self.messages) else self.next_offset
        head = Portion(
            partition=self.partition,
            first_offset=self.first_offset,
            next_offset=middle,
            messages=self.messages[:count],
            messages_waiting=self.messages_waiting + len(self.messages) - count,
        )
        rest = Portion(
            partition=self.partition,
            first_offset=middle,
            next_offset=self.next_offset,
            messages=self.messages[count:],
            messages_waiting=self.messages_waiting,
        )
        return head, rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a partition was read, and by whom; nobody if ``consumer`` is ``None``."""

    partition: str
    next_offset: int
    consumer: UUID | None
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one portion changes in the position of its partition."""

    next_offset: int
    messages_waiting: int
    seen_at: datetime
    claimed_until: datetime
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionState:
    """What is known of a partition: what waited in the log when a consumer looked last, and what became of its events."""

    stream: str
    partition: str
    next_offset: int
    messages_waiting: int
    seen_at: datetime
    accepted: int
    duplicate: int
    rejected: int
