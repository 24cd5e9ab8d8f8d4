"""Owns the loop that reads a log until it is ended: claims partitions, fetches, records, and starts again after any failure.

Does not own a log (``kafka_log``, ``nats_log``) or what is recorded (``metering.streams``).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg

from jobmeter.base.days import day_of
from jobmeter.base.settings import Settings
from jobmeter.consumer.protocol import Log, LogUnavailableError, LogUnusableError
from jobmeter.database.outages import is_outage
from jobmeter.database.pool import Database
from jobmeter.database.throttled_log import ThrottledLog
from jobmeter.metering.intake import flow as intake
from jobmeter.metering.intake.flow import TAKEN_BACK, IntakeCaches
from jobmeter.metering.streams import flow as streams
from jobmeter.metering.streams.model import Portion, PositionLostError
from jobmeter.wire.events import Event, Malformed

CLAIM_INTERVAL = timedelta(seconds=1)
# How often it is saved of a partition without messages that somebody looks at it.
REPORT_INTERVAL = timedelta(seconds=10)
RETRY_SECONDS = 0.5
TAKEN_BACK_SECONDS = 0.05
LEAVE_SECONDS_MAX = 5

AT_END = "end"

ReadClock = Callable[[], Awaitable[datetime]]
OpenLog = Callable[[], Awaitable[Log]]

log = logging.getLogger("jobmeter.worker")


class StreamConsumer:
    """Reads one log, together with every other consumer of its name; ``consumer`` is this one's name among them."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        stream: str,
        consumer: UUID,
        open_log: OpenLog,
        read_clock: ReadClock,
        is_over: asyncio.Event,
    ) -> None:
        self._database = database
        self._settings = settings
        self._stream = stream
        self._consumer = consumer
        self._open_log = open_log
        self._read_clock = read_clock
        self._is_over = is_over
        self._known = IntakeCaches()
        self._partitions: list[str] = []
        self._shared_at: datetime | None = None
        self._claimed_at: datetime | None = None
        self._saved_at: dict[str, datetime] = {}
        self._days_made_for: date | None = None
        self._failures = ThrottledLog(log)

    async def run(self) -> None:
        """Reads until it is over; what was begun is finished or taken back. Raises ``LogUnusableError``, and ``ModuleNotFoundError``.

        Every other error is logged and what failed is tried again: nothing is ever left out.
        """
        while not self._is_over.is_set():
            try:
                await self._read_once()
            except LogUnavailableError as error:
                self._failures.log(logging.ERROR, "the log cannot be read: %s", str(error), kind="log")
                await self._pause()
        await self._leave()

    async def _read_once(self) -> None:
        """Reads until it is over, or the log fails."""
        opened = await self._open_log()
        self._shared_at = None
        try:
            while not self._is_over.is_set():
                if await self._share(opened):
                    await self._record_portions(await opened.fetch())
        finally:
            await opened.close()

    async def _share(self, opened: Log) -> bool:
        """Claims partitions, if that is due, and lets the log read those. Returns whether that succeeded."""
        try:
            now = await self._read_clock()
            if is_due(self._shared_at, now, CLAIM_INTERVAL):
                self._partitions = await opened.list_partitions()
                starts = await self._find_starts(opened, self._partitions)
                await opened.assign(await self._claim(now, starts))
                self._shared_at = now
        except (LogUnavailableError, LogUnusableError):
            raise
        except Exception as error:  # noqa: BLE001
            await self._survive(error)
            return False
        return True

    async def _find_starts(self, opened: Log, partitions: Collection[str]) -> dict[str, int]:
        async with self._database.connection() as connection:
            unread = await streams.find_unread(connection, stream=self._stream, partitions=partitions)
        at_end = self._settings.stream_start == AT_END
        return await opened.find_starts(unread, at_end=at_end) if unread else {}

    async def _claim(self, now: datetime, starts: Mapping[str, int]) -> dict[str, int]:
        async with self._database.transaction() as connection:
            held = await streams.claim(
                connection,
                stream=self._stream,
                consumer=self._consumer,
                partitions=self._partitions,
                starts=starts,
                now=now,
            )
        self._claimed_at = now
        return held

    async def _record_portions(self, portions: list[Portion]) -> None:
        for portion in portions:
            if not await self._record_portion(portion):
                # What follows was fetched in vain, and is fetched again from where the database says.
                self._shared_at = None
                return

    async def _record_portion(self, portion: Portion) -> bool:
        """Returns whether all of it is recorded now."""
        rest, now = portion, await self._read_clock()
        while rest.messages:
            events, count = await streams.read_events([one.message for one in rest.messages])
            head, rest = rest.split(count)
            if not await self._record(head, events):
                return False
        is_news = rest.next_offset > rest.first_offset
        if is_news or is_due(self._saved_at.get(portion.partition), now, REPORT_INTERVAL):
            return await self._record(rest, ())
        return True

    async def _record(self, portion: Portion, events: Sequence[Event | Malformed]) -> bool:
        """Tries until it is recorded; ``False`` if that is no longer this consumer's affair, or it is over."""
        while not self._is_over.is_set():
            try:
                await self._record_once(portion, events)
                return True
            except PositionLostError as error:
                log.warning("another consumer has recorded messages of %s, or begun to", error)
                return False
            except TAKEN_BACK:
                await asyncio.sleep(TAKEN_BACK_SECONDS)
            except Exception as error:  # noqa: BLE001
                await self._survive(error)
        return False

    async def _record_once(self, portion: Portion, events: Sequence[Event | Malformed]) -> None:
        now = await self._read_clock()
        if is_due(self._claimed_at, now, CLAIM_INTERVAL):
            await self._claim(now, {})  # many portions take long, and the last ones are to stay its own
        if self._days_made_for != day_of(now):
            async with self._database.transaction() as connection:
                await intake.make_event_days(connection, now=now)
            self._days_made_for = day_of(now)
        async with self._database.transaction() as connection:
            await streams.record(
                self._database,
                connection,
                portion,
                events,
                stream=self._stream,
                consumer=self._consumer,
                known=self._known,
                now=now,
                future_tolerance_seconds=self._settings.future_tolerance_seconds,
            )
        self._saved_at[portion.partition] = now
        self._database.outage.end()

    async def _survive(self, error: Exception) -> None:
        """Logs what failed, each kind once a minute, and waits a moment: it is tried again."""
        if is_outage(error):
            self._database.outage.report(error)
        else:
            kind = f"{type(error).__name__}: {error}"[:200]
            message = "messages of a log could not be recorded and will be tried again"
            self._failures.log(logging.ERROR, message, kind=kind, error=error)
        await self._pause()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), RETRY_SECONDS)

    async def _leave(self) -> None:
        """Others take over at once; without a database they do so when the claim ends."""
        with contextlib.suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS_MAX), self._database.transaction() as connection:
                await streams.leave(connection, stream=self._stream, consumer=self._consumer)


def is_due(done_at: datetime | None, now: datetime, interval: timedelta) -> bool:
    return done_at is None or abs(now - done_at) >= interval
