"""Owns reading a topic of Kafka. Partitions are assigned by hand and nothing is committed to Kafka: what was read is in our database.

Imported only where such a log is read: needs the extra ``kafka``.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from jobmeter.consumer.addresses import LogAddress
from jobmeter.consumer.protocol import (
    BYTES_MAX,
    MESSAGES_MAX,
    LogUnavailableError,
    LogUnusableError,
    check_end,
)
from jobmeter.metering.streams.model import LoggedMessage, Portion
from jobmeter.wire.messages import make_message

ANSWER_SECONDS_MAX = 5
FETCH_SECONDS = 0.2
TAKEN_AT_ONCE = 50  # by as many messages at most a look exceeds its limit in bytes
REASON_SECONDS = 0.1
# What the library fetches ahead of each partition.
AHEAD_KILOBYTES = 16_384
DEFAULTS = {"group.id": "jobmeter", "client.id": "jobmeter"}
# Where reading begins, and what was read, is decided here. At the end of a partition the library says how far it has looked: beyond what
# is no message, such as the marks of transactions.
OWN: Mapping[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "queued.min.messages": MESSAGES_MAX,
    "queued.max.messages.kbytes": AHEAD_KILOBYTES,
    "fetch.queue.backoff.ms": 20,
}

Value = TypeVar("Value")

log = logging.getLogger("jobmeter.worker")
# The library has lines for each connection that is refused; what fails is logged by what asked for it, with the last reason.
_library_log = logging.getLogger("jobmeter.consumer.kafka")
_library_log.setLevel(logging.CRITICAL)


class _Reasons:
    """What the library says last of why it cannot reach a server, such as a refused password."""

    def __init__(self) -> None:
        self._last = ""

    def remember(self, error: KafkaError) -> None:
        """Called by the library, in the thread that waits for it."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 -- its public name
            self._last = str(error.str())

    def explain(self, error: Exception) -> str:
        known = _describe(error)
        return f"{known}: {self._last}" if self._last else known


class KafkaLog:
    """A topic, and how far each of its partitions that are assigned was fetched."""

    def __init__(
        self,
        consumer: Consumer,
        topic: str,
        *,
        reasons: _Reasons,
        answer_seconds_max: float,
        messages_max: int,
        bytes_max: int,
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._reasons = reasons
        self._answer_seconds_max = answer_seconds_max
        self._messages_max, self._bytes_max = messages_max, bytes_max
        self._read_to: dict[str, int] = {}

    async def list_partitions(self) -> list[str]:
        found = await self._call(
            lambda: self._consumer.list_topics(self._topic, timeout=self._answer_seconds_max)
        )
        topic = found.topics.get(self._topic)
        if topic is None or topic.error is not None or not topic.partitions:
            raise LogUnavailableError(f"the topic {self._topic} is not there")
        return [str(number) for number in sorted(topic.partitions)]

    async def find_starts(self, partitions: Collection[str], *, at_end: bool) -> dict[str, int]:
        ends = {partition: await self._find_ends(partition) for partition in partitions}
        return {partition: end if at_end else first for partition, (first, end) in ends.items()}

    async def assign(self, positions: Mapping[str, int]) -> None:
        if positions == self._read_to:
            return
        for partition, position in positions.items():
            if self._read_to.get(partition) != position:
                await self._check(partition, position)
        places = [self._place(partition, offset) for partition, offset in positions.items()]
        await self._call(lambda: self._consumer.assign(places))
        self._read_to = dict(positions)

    async def fetch(self) -> list[Portion]:
        if not self._read_to:
            await asyncio.sleep(FETCH_SECONDS)
            return []
        fetched = await self._call(self._consume)
        messages: dict[str, list[LoggedMessage]] = defaultdict(list)
        ends: dict[str, int] = {}
        for one in fetched:
            is_message, partition, offset = _is_message(one), str(one.partition()), one.offset()
            if offset is None or offset < self._read_to.get(partition, 0):
                continue  # fetched for a position before
            if is_message:
                message = make_message(one.value(), _read_headers(one))
                messages[partition].append(LoggedMessage(offset, message))
            ends[partition] = offset + is_message
        return [
            self._make_portion(partition, messages[partition], ends.get(partition, 0))
            for partition in self._read_to
        ]

    def _consume(self) -> list[KafkaMessage]:
        """A few messages after another, until nothing is there or one look has brought enough: they may be long."""
        found = self._consumer.consume(TAKEN_AT_ONCE, FETCH_SECONDS)
        taken, bytes_taken = found, _count_bytes(found)
        while taken and len(found) < self._messages_max and bytes_taken < self._bytes_max:
            taken = self._consumer.consume(min(TAKEN_AT_ONCE, self._messages_max - len(found)), 0)
            bytes_taken += _count_bytes(taken)
            found += taken
        return found

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await asyncio.to_thread(self._consumer.close)

    def _make_portion(self, partition: str, messages: list[LoggedMessage], end: int) -> Portion:
        first = self._read_to[partition]
        self._read_to[partition] = max(first, end)
        _, last = self._consumer.get_watermark_offsets(self._place(partition), cached=True)
        return Portion(
            partition=partition,
            first_offset=first,
            next_offset=self._read_to[partition],
            messages=tuple(messages),
            messages_waiting=max(last - self._read_to[partition], 0),
        )

    async def _check(self, partition: str, position: int) -> None:
        first, end = await self._find_ends(partition)
        check_end(partition, position=position, end=end)
        if position < first:
            log.error(
                "topic %s, partition %s: the log begins at %d, and was read up to %d: what was between is lost",
                *(self._topic, partition, first, position),
            )

    async def _find_ends(self, partition: str) -> tuple[int, int]:
        """The offsets of the first message, and of the next one that will come."""
        place = self._place(partition)
        found = await self._call(
            lambda: self._consumer.get_watermark_offsets(place, timeout=self._answer_seconds_max)
        )
        if found is None:
            raise LogUnavailableError("the server does not answer")
        return found

    async def _call(self, act: Callable[[], Value]) -> Value:
        """Waits in a thread: the library blocks."""
        try:
            return await asyncio.to_thread(act)
        except (KafkaException, RuntimeError) as error:
            # The library gives its reasons when it is asked for messages; one that comes is read again later.
            with contextlib.suppress(KafkaException, RuntimeError):
                await asyncio.to_thread(self._consumer.poll, REASON_SECONDS)
            raise LogUnavailableError(self._reasons.explain(error)) from error

    def _place(self, partition: str, offset: int | None = None) -> TopicPartition:
        place = TopicPartition(self._topic, int(partition))
        if offset is not None:
            place.offset = offset
        return place


async def open_kafka(
    address: LogAddress,
    *,
    answer_seconds_max: float = ANSWER_SECONDS_MAX,
    messages_max: int = MESSAGES_MAX,
    bytes_max: int = BYTES_MAX,
) -> KafkaLog:
    """Raises ``LogUnusableError`` for a property that the library does not know. Connects when it is first asked for something."""
    taken = sorted(set(address.options) & {*OWN, "bootstrap.servers"})
    if taken:
        raise LogUnusableError(f"JOBMETER_STREAM_URL: {taken[0]} cannot be chosen")
    reasons = _Reasons()
    given = {"bootstrap.servers": ",".join(address.servers), "error_cb": reasons.remember}
    try:
        consumer = Consumer({**DEFAULTS, **address.options, **OWN, **given}, logger=_library_log)
    except (KafkaException, TypeError, ValueError) as error:
        raise LogUnusableError(f"JOBMETER_STREAM_URL: {_describe(error)}") from error
    return KafkaLog(
        consumer,
        address.name,
        reasons=reasons,
        answer_seconds_max=answer_seconds_max,
        messages_max=messages_max,
        bytes_max=bytes_max,
    )


def _count_bytes(messages: Iterable[KafkaMessage]) -> int:
    return sum(len(message) for message in messages if message.error() is None)


def _is_message(message: KafkaMessage) -> bool:
    """Whether it is one, and not only where the partition ends. Raises ``LogUnavailableError`` for an error."""
    error = message.error()
    if error is None:
        return True
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- its public name
        return False
    raise LogUnavailableError(str(error.str()))


def _read_headers(message: KafkaMessage) -> dict[str, str]:
    pairs: Any = message.headers() or ()  # a list of the library's, whatever its types say
    return {
        name: value if isinstance(value, str) else (value or b"").decode("utf-8", "replace")
        for name, value in pairs
    }


def _describe(error: Exception) -> str:
    found = error.args[0] if error.args else None
    return str(found.str()) if isinstance(found, KafkaError) else str(error)
