"""Owns sharing a stream's partitions among its consumers. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jobmeter.metering.streams.model import Position


@dataclass(frozen=True, slots=True)
class Share:
    """The partitions that a consumer keeps or takes, and those that it leaves to others."""

    wanted: frozenset[str]
    left: frozenset[str]


def share_partitions(
    positions: Sequence[Position], consumers: Collection[UUID], *, consumer: UUID, now: datetime
) -> Share:
    """Every consumer keeps of what it reads up to its share, and takes what is free up to it.

    All consumers compute the same shares from the same rows. If they see different rows for a moment, one of them takes less
    than it could; a partition has one consumer anyway, which the statement that claims it decides.
    """
    ranks = sorted({*consumers, consumer})
    share, rest = divmod(len(positions), len(ranks))
    count = share + (ranks.index(consumer) < rest)
    ordered = sorted(positions, key=lambda one: one.partition)
    own = [one.partition for one in ordered if one.consumer == consumer]
    free = [one.partition for one in ordered if one.consumer != consumer and is_free(one, now)]
    wanted = own[:count] + free[: max(count - len(own), 0)]
    return Share(frozenset(wanted), frozenset(own[count:]))


def is_free(position: Position, now: datetime) -> bool:
    """Whether nobody reads the partition, as far as is known."""
    return position.claimed_until is None or position.claimed_until < now
