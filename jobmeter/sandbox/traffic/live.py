"""Owns the traffic that comes by itself while it is turned on: made hour by hour for the jobs that are live, sent when due.

Does not own the shape of traffic (``generator``), or the switch and the waiting events (``jobmeter.sandbox_controls``).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
import numpy as np

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.database.outages import is_outage
from jobmeter.database.pool import Database
from jobmeter.database.throttled_log import ThrottledLog
from jobmeter.geo.countries import MARKET_UNKNOWN, name_country
from jobmeter.jobs.postings import flow as jobs
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import TAKEN_BACK, IntakeCaches
from jobmeter.metering.intake.model import find_visitor
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage
from jobmeter.sandbox.traffic import store
from jobmeter.sandbox.traffic.generator import HOUR_MS, generate_day, sample_popularity
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, CHARGEABLE, Label
from jobmeter.sandbox.traffic.plan import BOARD_PLAN, LiveJob
from jobmeter.sandbox.traffic.score import evaluate_traffic, score
from jobmeter.sandbox.traffic.special_visits import list_staff
from jobmeter.sandbox_controls import flow as controls
from jobmeter.sandbox_controls.model import DueEvent, PlannedEvent, Score, Traffic
from jobmeter.settlement.days import flow as settlement

BATCH_ROWS = 5_000
TRIES_MAX = 5
PARTNERS_MAX = 100
STAFF_NOTE = "staff of the sandbox's traffic"
JSON = "application/json"
PAUSE_SECONDS = 2

log = logging.getLogger("jobmeter.worker")


@dataclass(frozen=True, slots=True)
class TrafficPlayer:
    """Sends the traffic of one process. ``known`` is what it remembers between batches."""

    database: Database
    settings: Settings
    known: IntakeCaches

    async def is_on(self) -> bool:
        async with self.database.connection() as connection:
            return (await controls.read_traffic(connection)).is_on

    async def play(self, now: datetime) -> int:
        """Makes the events of the hour that has begun, and sends those that are due; returns how many. Safe to repeat."""
        sent, failed = 0, 0
        while True:
            try:
                async with self.database.transaction() as connection:
                    batch = await self._play_batch(connection, now)
            except TAKEN_BACK:
                failed += 1
                if failed == TRIES_MAX:
                    raise
                continue
            sent += batch
            if batch < BATCH_ROWS:
                return sent

    async def _play_batch(self, connection: Connection, now: datetime) -> int:
        traffic = await controls.lock_traffic(connection)
        if traffic is None:
            return 0
        if traffic.made_until_ms <= to_ms(now):
            await _make_hour(connection, traffic, now)
        due = await controls.list_due_events(connection, now=now, rows_max=BATCH_ROWS)
        if due:
            body = f"[{','.join(one.body for one in due)}]".encode()
            events = await metering.read_batch(body, JSON)
            tolerance = self.settings.future_tolerance_seconds
            await batches.record_before(
                self.database,
                connection,
                events,
                known=self.known,
                now=now,
                future_tolerance_seconds=tolerance,
            )
            await controls.mark_sent(connection, await _label_again(connection, due))
        return len(due)


async def play_along(player: TrafficPlayer, *, read_clock: Callable[[], Awaitable[datetime]]) -> None:
    """Plays the traffic while the clock runs by itself, until it is cancelled."""
    failures = ThrottledLog(log)
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            if await player.is_on():
                await player.play(await read_clock())
        except Exception as error:  # noqa: BLE001 -- a task that ended would end the traffic silently
            if is_outage(error):
                player.database.outage.report(error)
            else:
                kind = f"{type(error).__name__}: {error}"[:200]
                failures.log(logging.ERROR, "traffic failed and is tried again", kind=kind, error=error)


async def turn(connection: Connection, *, is_on: bool, views_per_job_day: int, now: datetime) -> Traffic:
    """Turns traffic on or off. The staff of the traffic are excluded in each partner's name, as a partner does with its own."""
    traffic = await controls.set_traffic(
        connection, is_on=is_on, views_per_job_day=views_per_job_day, now=now
    )
    if is_on:
        for parent in await partners.list_partners(connection, ListedPage(after=0, rows_max=PARTNERS_MAX)):
            await _exclude_staff(connection, parent.id, now)
    return traffic


async def score_traffic(connection: Connection) -> list[Score]:
    """Returns the scores of filters and rules on the days that are final: before, no rule has run."""
    last = await settlement.read_settled_through(connection)
    if last is None:
        return []
    labels = await controls.list_labels(connection, before=start_of(last + timedelta(days=1)))
    found = {event_id: Label(label) for event_id, label in labels.items()}
    return score(await evaluate_traffic(connection, found)) if found else []


async def _make_hour(connection: Connection, traffic: Traffic, now: datetime) -> None:
    """Makes what happens until the next full hour. Nobody visits while a sandbox is stopped."""
    hour_ms = to_ms(now) // HOUR_MS * HOUR_MS
    begin_ms, end_ms = max(traffic.made_until_ms, hour_ms), hour_ms + HOUR_MS
    live = await _list_live_jobs(connection, begin_ms, end_ms)
    # Each hour has a seed of its own, which its events are named after; a job is as popular in each of them.
    plan = replace(
        BOARD_PLAN, seed=to_ms(now), views_per_job_day=float(traffic.views_per_job_day), after_close_rate=0
    )
    scheduled, truth = generate_day(live, to_ms(start_of(day_of(now))), plan)
    seen: set[str] = set()
    planned = []
    for one in scheduled:
        event = one.event
        planned.append(
            PlannedEvent(
                event_id=event.id,
                job_id=event.job_id,
                label=truth.labels[event.id],
                is_click=event.type == APPLY_CLICK,
                is_repeat=event.id in seen,
                time_ms=event.time_ms,
                deliver_at_ms=one.deliver_at_ms,
                body=msgspec.json.encode(event).decode(),
            )
        )
        seen.add(event.id)
    await controls.plan_events(connection, replace(traffic, made_until_ms=end_ms), planned, now=now)


async def _list_live_jobs(connection: Connection, begin_ms: int, end_ms: int) -> list[LiveJob]:
    postings = [one for one in await jobs.list_live_postings(connection) if to_ms(one.expires_at) > begin_ms]
    job_ids = [one.job_id for one in postings]
    markets = {of.job_id: of.market for of in await store.list_markets(connection, job_ids=job_ids)}
    popularity = sample_popularity(np.array(job_ids, np.int64), BOARD_PLAN.seed).tolist()
    return [
        LiveJob(
            job_id=one.job_id,
            live_from_ms=max(begin_ms, to_ms(one.listed_at)),
            live_until_ms=min(end_ms, to_ms(one.expires_at)),
            popularity=popular,
            market=name_country(markets.get(one.job_id, MARKET_UNKNOWN)),
        )
        for one, popular in zip(postings, popularity, strict=True)
    ]


async def _label_again(connection: Connection, due: Sequence[DueEvent]) -> list[DueEvent]:
    """An event that was made before its job was closed, and happens afterwards, is one after the close."""
    closings = await store.list_closings(connection, job_ids=sorted({one.job_id for one in due}))
    closed = {one.job_id: one.closed_at for one in closings}
    return [
        replace(one, label=Label.AFTER_CLOSE)
        if one.label in CHARGEABLE and one.job_id in closed and from_ms(one.time_ms) >= closed[one.job_id]
        else one
        for one in due
    ]


async def _exclude_staff(connection: Connection, application_id: int, now: datetime) -> None:
    parent = await partners.find_application(connection, application_id=application_id)
    assert parent is not None, "it is in the list"
    known = await filters.list_excluded(connection, application=parent, after_id=0, rows_max=1_000)
    if any(one.note == STAFF_NOTE for one in known):
        return
    for visitor in list_staff():
        await filters.exclude(
            connection,
            application=parent,
            is_address=False,
            subject=find_visitor(visitor),
            note=STAFF_NOTE,
            now=now,
        )
