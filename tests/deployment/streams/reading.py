"""Owns consumers of a log in the test's process, and what they recorded. Does not own any expectation."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.consumer.addresses import read_address
from jobmeter.consumer.loop import StreamConsumer
from jobmeter.consumer.protocol import open_log
from jobmeter.database.pool import Database
from jobmeter.metering.streams import flow as streams
from jobmeter.metering.streams.model import PartitionState
from tests.support.sandbox_client import make_event
from tests.support.scenario import Scenario, set_up

LIMIT_MICROS = 10_000_000_000_000
BUDGET_MICROS = 200_000_000_000
PATIENCE_SECONDS = 60


@asynccontextmanager
async def open_now(database_url: str) -> Any:
    """A scenario at the time of the machine's clock, for consumers read it."""
    async with Database.opened(database_url, connections_max=4) as database:
        yield await set_up(database, LIMIT_MICROS, begins=read_machine_clock())


def encode(job_id: int, event_id: str, at: datetime, **changed: Any) -> bytes:
    """A click as one message."""
    event = make_event(job_id, event_id, int(at.timestamp() * 1_000), type="applyClick")
    return msgspec.json.encode(event | changed)


def encode_clicks(job_id: int, count: int, at: datetime, *, prefix: str = "c") -> list[bytes]:
    return [encode(job_id, f"{prefix}{number}", at) for number in range(count)]


@dataclass(frozen=True)
class Reading:
    """A consumer that runs beside the test."""

    consumer: UUID
    is_over: asyncio.Event
    task: "asyncio.Task[None]"

    async def end(self) -> None:
        self.is_over.set()
        await self.task

    async def kill(self) -> None:
        """Ends it as a killed process ends: without leaving anything to others. Its transaction is rolled back."""
        self.task.cancel()
        await asyncio.wait([self.task])


@dataclass(frozen=True)
class Readings:
    """The consumers of one log, and the database that they share."""

    database: Database
    url: str
    settings: Settings = field(default_factory=Settings)
    begun: list[Reading] = field(default_factory=list)

    def begin(self, *, ahead: timedelta = timedelta(0), **changed: Any) -> Reading:
        """``ahead`` is by how much the consumer's clock goes wrong."""
        address, is_over = read_address(self.url), asyncio.Event()
        consumer = StreamConsumer(
            self.database,
            replace(self.settings, **changed),
            stream="the log",
            consumer=uuid4(),
            open_log=partial(open_log, address),
            read_clock=partial(read_clock, ahead),
            is_over=is_over,
        )
        self.begun.append(Reading(consumer._consumer, is_over, asyncio.create_task(consumer.run())))
        return self.begun[-1]

    async def end_all(self) -> None:
        for reading in self.begun:
            if not reading.task.done():
                await reading.end()


async def read_clock(ahead: timedelta) -> datetime:
    return read_machine_clock() + ahead


async def read_states(database: Database) -> dict[str, PartitionState]:
    async with database.connection() as connection:
        return {one.partition: one for one in await streams.list_states(connection)}


async def wait_until(holds: Callable[[], Awaitable[bool]]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not await holds():
        assert time.monotonic() < give_up_at, "it does not come"
        await asyncio.sleep(0.05)


async def wait_for_offset(database: Database, partition: str, offset: int) -> None:
    async def is_there() -> bool:
        state = (await read_states(database)).get(partition)
        return state is not None and state.next_offset >= offset

    await wait_until(is_there)


async def count_outcomes(database: Database) -> Counter[str]:
    found: Counter[str] = Counter()
    for state in (await read_states(database)).values():
        found.update(accepted=state.accepted, duplicate=state.duplicate, rejected=state.rejected)
    return found


async def read_owners(scenario: Scenario) -> dict[str, UUID | None]:
    return dict(await scenario.rows("SELECT partition, consumer FROM stream_positions"))


async def count_events(scenario: Scenario) -> tuple[int, int, int]:
    """How many events are stored, how many of them differ, and how many clicks were charged."""
    ((stored, distinct),) = await scenario.rows("SELECT count(*), count(DISTINCT event_key) FROM events")
    ((charged,),) = await scenario.rows("SELECT coalesce(sum(clicks_charged), 0)::bigint FROM job_day_sums")
    return stored, distinct, charged
