"""Owns reading a stream of NATS JetStream. Its messages are read by number and never acknowledged: what was read is in our database.

Imported only where such a log is read: needs the extra ``nats``.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Mapping
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api

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

EVERY_SUBJECT = ">"
OPTIONS = frozenset({"token", "tls"})
CONNECT_SECONDS = 5
ANSWER_SECONDS_MAX = 10
IDLE_SECONDS = 0.1
# After which the server deletes a reader that was killed.
READER_SECONDS = 300.0
# How an answer to a request ends: there is nothing, no more for now, as many bytes as were asked for.
NOTHING, NO_MORE, FULL = "404", "408", "409"
FULL_TEXTS = ("maxbytes", "batch completed")

log = logging.getLogger("jobmeter.worker")


class _Reader:
    """Reads one partition, by a consumer of the server that lives as long as the connection."""

    def __init__(self, partition: str, position: int) -> None:
        self.partition = partition
        self.read_to = position
        self.requests_to = ""
        self.answers_to = ""
        self._waiting = 0
        self._received: list[LoggedMessage] = []
        self._delivered = 0
        self._wanted = 0
        self._is_over = asyncio.Event()
        self._failure = ""

    async def receive(self, message: Msg) -> None:
        """Called by the library for each message."""
        if not message.reply:  # only a message of the stream names where it may be acknowledged
            self._end(message)
            return
        about = message.metadata
        self._delivered += 1
        if about.sequence.consumer != self._delivered:
            self._failure = "a message was lost on its way"
        self._waiting = about.num_pending
        self._received.append(
            LoggedMessage(about.sequence.stream, make_message(message.data, message.headers))
        )
        if len(self._received) >= self._wanted:
            self._is_over.set()

    def _end(self, message: Msg) -> None:
        headers = message.headers or {}
        status, text = headers.get("Status", ""), " ".join(map(str, headers.values()))
        is_full = status == FULL and any(known in text.lower().replace(" ", "") for known in FULL_TEXTS)
        if status == NOTHING:
            self._waiting = 0
        elif not (status == NO_MORE or is_full):
            self._failure = f"the server says {text}"
        self._is_over.set()

    async def request(self, client: Client, *, messages_max: int, bytes_max: int) -> None:
        self._wanted = messages_max
        self._is_over.clear()
        wanted = {"batch": messages_max, "max_bytes": bytes_max, "no_wait": True}
        await client.publish(self.requests_to, json.dumps(wanted).encode(), self.answers_to)

    async def take(self) -> Portion:
        """Waits until what was requested is there."""
        try:
            await asyncio.wait_for(self._is_over.wait(), ANSWER_SECONDS_MAX)
        except TimeoutError as error:
            raise LogUnavailableError("the server does not answer") from error
        if self._failure:
            raise LogUnavailableError(self._failure)
        received, self._received = tuple(self._received), []
        first = self.read_to
        self.read_to = received[-1].offset + 1 if received else first
        return Portion(
            partition=self.partition,
            first_offset=first,
            next_offset=self.read_to,
            messages=received,
            messages_waiting=self._waiting,
        )


class NatsLog:
    """A stream of which each of some subjects is a partition, or that is one partition as a whole."""

    def __init__(self, client: Client, address: LogAddress) -> None:
        self._client = client
        self._stream: JetStreamContext = client.jetstream(timeout=CONNECT_SECONDS)
        self._address = address
        self._readers: dict[str, _Reader] = {}

    async def list_partitions(self) -> list[str]:
        """The subjects of the address; there is nothing to ask the server for."""
        return list(self._address.subjects) or [EVERY_SUBJECT]

    async def find_starts(self, partitions: Collection[str], *, at_end: bool) -> dict[str, int]:
        first, end = await self._find_ends()
        return dict.fromkeys(partitions, end if at_end else first)

    async def assign(self, positions: Mapping[str, int]) -> None:
        kept = {
            name: reader for name, reader in self._readers.items() if positions.get(name) == reader.read_to
        }
        gone = [reader for name, reader in self._readers.items() if name not in kept]
        self._readers = kept
        for reader in gone:
            await self._drop(reader)
        for name, position in positions.items():
            if name not in kept:
                self._readers[name] = await self._make_reader(name, position)

    async def fetch(self) -> list[Portion]:
        readers = list(self._readers.values())
        shares = max(len(readers), 1)
        with _translate_errors():
            for reader in readers:
                await reader.request(
                    self._client,
                    messages_max=max(MESSAGES_MAX // shares, 1),
                    bytes_max=max(BYTES_MAX // shares, self._client.max_payload + 1_000),
                )
        portions = [await reader.take() for reader in readers]
        if not any(portion.messages for portion in portions):
            await asyncio.sleep(IDLE_SECONDS)
        return portions

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self._client.close()

    async def _find_ends(self) -> tuple[int, int]:
        """The numbers of the first message, and of the next one that will come. Raises ``LogUnusableError`` for a queue."""
        with _translate_errors():
            info = await self._stream.stream_info(self._address.name)
        if info.config.retention != api.RetentionPolicy.LIMITS:
            raise LogUnusableError(
                f"the stream {self._address.name} is a queue, whose messages vanish when they are read: its retention"
                " must be 'limits'"
            )
        return max(info.state.first_seq, 1), info.state.last_seq + 1

    async def _make_reader(self, partition: str, position: int) -> _Reader:
        first, end = await self._find_ends()
        check_end(partition, position=position, end=end)
        if position < first:
            log.error(
                "stream %s, partition %s: the log begins at %d, and was read up to %d: what was between is lost",
                *(self._address.name, partition, first, position),
            )
        reader = _Reader(partition, position)
        config = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=max(position, 1),
            ack_policy=api.AckPolicy.NONE,
            filter_subject=None if partition == EVERY_SUBJECT else partition,
            inactive_threshold=READER_SECONDS,
            mem_storage=True,
        )
        with _translate_errors():
            made = await self._stream.add_consumer(self._address.name, config=config)
            reader.answers_to = self._client.new_inbox()
            reader.requests_to = f"$JS.API.CONSUMER.MSG.NEXT.{self._address.name}.{made.name}"
            # Without limits: the library would drop what is beyond them. What is requested is limited.
            await self._client.subscribe(
                reader.answers_to, cb=reader.receive, pending_msgs_limit=-1, pending_bytes_limit=-1
            )
        return reader

    async def _drop(self, reader: _Reader) -> None:
        name = reader.requests_to.rpartition(".")[2]
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            await self._stream.delete_consumer(self._address.name, name)


async def open_nats(address: LogAddress) -> NatsLog:
    """Connects once, without coming back by itself: after a loss all readers begin again where the database says."""
    unknown = sorted(set(address.options) - OPTIONS)
    if unknown:
        raise LogUnusableError(f"JOBMETER_STREAM_URL: {unknown[0]} is no option of NATS")
    options: dict[str, Any] = {}
    if address.user:
        options |= {"user": address.user, "password": address.password}
    if "token" in address.options:
        options["token"] = address.options["token"]
    scheme = "tls" if address.options.get("tls") == "true" else "nats"
    with _translate_errors():
        client = await nats.connect(
            [f"{scheme}://{server}" for server in address.servers],
            allow_reconnect=False,
            max_reconnect_attempts=1,
            connect_timeout=CONNECT_SECONDS,
            error_cb=_ignore_error,
            name="jobmeter",
            **options,
        )
    return NatsLog(client, address)


async def _ignore_error(_: Exception) -> None:
    """What is wrong is found by what asked for something; the library would write each error to the log."""


@contextlib.contextmanager
def _translate_errors() -> Any:
    try:
        yield
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise LogUnavailableError(str(error) or type(error).__name__) from error
