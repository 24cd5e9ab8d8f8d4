"""Owns the figures of invalid traffic: precision and recall of filters and settlement rules on generated clicks of known truth.

Does not measure time. The traffic is that of the sandbox, ingested hour by hour as it arrives, and settled.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from bench.live_jobs import LiveJobs, post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, final_at, start_of
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import IntakeCaches
from jobmeter.sandbox.traffic.generator import HOUR_MS, generate_day
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import ScheduledEvent
from jobmeter.sandbox.traffic.score import EVERYTHING, evaluate_traffic, score
from jobmeter.sandbox_controls.model import Score
from jobmeter.settlement.days import flow as settlement

JOBS = 400
CUSTOMERS = 2
PLAN = TrafficPlan(seed=11, views_per_job_day=60)


def measure_traffic(machine: Machine, _: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures which share of the clicks that are not paid are invalid, and which share of the invalid ones is not paid; in percent."""
    midnight = start_of(day_of(now)) - timedelta(days=FINAL_AFTER_DAYS + 3)
    jobs = post_live_jobs(machine.url, jobs=JOBS, customers=CUSTOMERS, now=midnight)
    found = asyncio.run(_play(machine.url, jobs, midnight))
    assert found.precision is not None
    assert found.recall is not None
    return {
        "traffic_precision": Measured((100 * found.precision,)),
        "traffic_recall": Measured((100 * found.recall,)),
    }


async def _play(url: str, jobs: LiveJobs, midnight: datetime) -> Score:
    live = [
        LiveJob(
            job_id=job_id, live_from_ms=to_ms(midnight), live_until_ms=to_ms(midnight + timedelta(days=30))
        )
        for ids in jobs.job_ids
        for job_id in ids.tolist()
    ]
    deliveries, truth = generate_day(live, to_ms(midnight), PLAN)
    known, settled_at = IntakeCaches(), final_at(day_of(midnight))
    async with Database.opened(url, connections_max=1) as database:
        for at, body in _list_hours(deliveries):
            async with database.transaction() as connection:
                await metering.make_event_days(connection, now=at)
                events = await metering.read_batch(body, "application/json")
                await metering.ingest(
                    connection,
                    events,
                    known=known,
                    now=at,
                    future_tolerance_seconds=Settings().future_tolerance_seconds,
                )
        while await _settle(database, settled_at):
            pass
        async with database.connection() as connection:
            scores = score(await evaluate_traffic(connection, truth.labels))
    return next(one for one in scores if one.name == EVERYTHING)


def _list_hours(deliveries: list[ScheduledEvent]) -> Iterator[tuple[datetime, bytes]]:
    """Yields what arrives within one hour as one batch, at the time of its last event: none becomes too late by waiting."""
    for _, group in groupby(deliveries, key=lambda one: one.deliver_at_ms // HOUR_MS):
        hour = list(group)
        yield from_ms(hour[-1].deliver_at_ms), msgspec.json.encode([one.event for one in hour])


async def _settle(database: Database, now: datetime) -> int:
    async with database.transaction() as connection:
        return await settlement.settle_next(connection, final_after_days=FINAL_AFTER_DAYS, now=now)
