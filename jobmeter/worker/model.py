"""Owns what a chore is: its queue, how it is run and how often, and on which occasion. Does not own the list of chores (``chores``)."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection

ROUNDS_MAX = 10_000


class Queue(Enum):
    """Groups chores that run together."""

    # Work that someone is waiting for; in rounds, since one chore creates work for another.
    INTERACTIVE = auto()
    # Separate, because settling a large day takes a while.
    SETTLEMENT = auto()
    # Files of documents and their mails, separate because a long document takes a while.
    DOCUMENTS = auto()
    # Updates the reports after the other chores.
    OBSERVATION = auto()
    # Deletes what is no longer needed, and other work that may wait a minute.
    SWEEP = auto()
    MAINTENANCE = auto()


@dataclass(frozen=True, slots=True)
class Occasion:
    """When chores run, and with which settings. With ``is_patient`` they wait for another process at the same work; where the database
    ``is_distributed``, a step is of one shard.
    """

    settings: Settings
    now: datetime
    is_patient: bool = False
    is_distributed: bool = False


# Does a limited amount of work in the connection's transaction; returns how much.
Run = Callable[[Connection, Occasion, int], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Postponement:
    """The errors that postpone a chore to its next run, and the message that is logged."""

    errors: tuple[type[Exception], ...] = ()
    level: int = logging.ERROR
    message: str = ""


@dataclass(frozen=True, slots=True)
class Chore:
    """Runs transactions in sequence, each calling ``run`` with ``rows_max``.

    Repeats while the last one did at least ``again_from`` items, at most ``rounds_max`` times in total.
    """

    name: str
    queue: Queue
    run: Run
    _: KW_ONLY
    rows_max: int = 1
    again_from: int = 1
    rounds_max: int = ROUNDS_MAX
    postponement: Postponement = Postponement()


class BatchVerb(Protocol):
    def __call__(self, connection: Connection, *, rows_max: int, now: datetime) -> Awaitable[int]: ...


class StepVerb(Protocol):
    def __call__(self, connection: Connection, *, now: datetime) -> Awaitable[object]: ...


def in_batches(verb: BatchVerb) -> Run:
    return lambda connection, occasion, rows_max: verb(connection, rows_max=rows_max, now=occasion.now)


def in_steps(verb: StepVerb) -> Run:
    """Adapts a verb that returns whether there was a step, or which."""

    async def run(connection: Connection, occasion: Occasion, _: int) -> int:
        return int(bool(await verb(connection, now=occasion.now)))

    return run
