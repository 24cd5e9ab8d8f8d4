"""The loop of a consumer, on a log of the test that always has a message more."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from uuid import UUID

from jobmeter.base.settings import Settings
from jobmeter.consumer.loop import StreamConsumer
from jobmeter.metering.streams import flow as streams
from jobmeter.metering.streams.model import LoggedMessage, Portion
from jobmeter.wire.messages import Message
from tests.support.scenario import START, open_scenario

FIRST, SECOND = UUID(int=1), UUID(int=2)
FETCHES = 30


@dataclass(frozen=True)
class BusyLog:
    """Two partitions; each fetch brings a message of each that is assigned. ``fetched`` are the partitions of all fetches."""

    is_over: asyncio.Event
    positions: dict[str, int] = field(default_factory=dict)
    fetched: list[list[str]] = field(default_factory=list)

    async def list_partitions(self):
        return ["0", "1"]

    async def find_starts(self, partitions, *, at_end):
        return dict.fromkeys(partitions, 0)

    async def assign(self, positions):
        self.positions.clear()
        self.positions.update(positions)

    async def fetch(self):
        self.fetched.append(list(self.positions))
        if len(self.fetched) == FETCHES:
            self.is_over.set()
        return [self._make_portion(name) for name in self.positions]

    async def close(self):
        self.positions.clear()

    def _make_portion(self, name):
        offset = self.positions[name]
        self.positions[name] = offset + 1
        return Portion(
            partition=name,
            first_offset=offset,
            next_offset=offset + 1,
            messages=(LoggedMessage(offset, Message(b"nothing")),),
            messages_waiting=1,
        )


@dataclass(frozen=True)
class SlowClock:
    """Recording takes a second each time, and nothing else takes any."""

    steps: Iterator[int] = field(default_factory=lambda: cycle([0, 0, 1]))
    passed: list[int] = field(default_factory=list)

    async def read(self):
        self.passed.append(next(self.steps))
        return START + timedelta(seconds=sum(self.passed))


async def claim(scenario, consumer, starts):
    async with scenario.database.transaction() as connection:
        return await streams.claim(
            connection, stream="s", consumer=consumer, partitions=["0", "1"], starts=starts, now=START
        )


async def test_a_consumer_that_is_always_busy_reads_what_another_one_has_left(database_url):
    async with open_scenario(database_url) as scenario:
        await claim(scenario, SECOND, {"0": 0, "1": 0})
        is_over = asyncio.Event()
        log = BusyLog(is_over)

        async def open_log():
            return log

        consumer = StreamConsumer(
            scenario.database,
            Settings(),
            stream="s",
            consumer=FIRST,
            open_log=open_log,
            read_clock=SlowClock().read,
            is_over=is_over,
        )
        await claim(scenario, FIRST, {})
        await claim(scenario, SECOND, {})  # gives one of the two away, and is not seen again
        await consumer.run()
        states = await scenario.rows("SELECT partition, rejected FROM stream_positions ORDER BY partition")
    assert len(log.fetched[0]) == 1
    assert log.fetched[-1] == ["0", "1"]
    assert all(rejected > 0 for _, rejected in states)
