"""Owns what every kind of log must be able to do, the errors of logs, and opening one by its address."""

import importlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from jobmeter.consumer.addresses import LogAddress
from jobmeter.metering.streams.model import Portion

# What one look at a log brings at most: so many messages and bytes, of all partitions together.
MESSAGES_MAX = 10_000
BYTES_MAX = 16_000_000

# The module of each is imported only if it is used: its library may not be installed.
OPENERS = {
    "kafka": "jobmeter.consumer.kafka_log:open_kafka",
    "nats": "jobmeter.consumer.nats_log:open_nats",
}


class LogUnavailableError(Exception):
    """The log cannot be read now; it is tried again."""


class LogUnusableError(ValueError):
    """The log cannot be read before somebody has changed something; the message says what."""


class Log(Protocol):
    """An open log. All methods raise ``LogUnavailableError``; it is closed and opened again then."""

    async def list_partitions(self) -> list[str]:
        """The names of the partitions that there are now."""

    async def find_starts(self, partitions: Collection[str], *, at_end: bool) -> dict[str, int]:
        """The offset of the first message of each partition, or of the next one that comes."""

    async def assign(self, positions: Mapping[str, int]) -> None:
        """From now on reads these partitions, from these offsets on. Raises ``LogUnusableError`` if a log ends before its offset."""

    async def fetch(self) -> list[Portion]:
        """Waits a moment for messages; returns a portion of each partition that is assigned, also without messages."""

    async def close(self) -> None:
        """Ends the connection. Never raises."""


async def open_log(address: LogAddress) -> Log:
    """Raises ``LogUnavailableError``, ``LogUnusableError``, or ``ModuleNotFoundError`` if its library is missing."""
    module, _, function = OPENERS[address.kind].partition(":")
    opener: Callable[[LogAddress], Awaitable[Log]] = getattr(importlib.import_module(module), function)
    return await opener(address)


def check_end(partition: str, *, position: int, end: int) -> None:
    """Raises ``LogUnusableError`` if the log ends before the position: what comes next would be taken for read."""
    if position > end:
        raise LogUnusableError(
            f"partition {partition} was read up to {position}, and the log ends at {end}: it was made again, or has lost"
            " messages. JOBMETER_STREAM_NAME=another name reads it from its beginning; what was counted before is not"
            " counted again"
        )
