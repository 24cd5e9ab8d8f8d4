"""Owns the figures of intake: batches of events over HTTP, spread over all live jobs by popularity or evenly, or all on one job.

Every event is an apply click within its job's budget, so it is stored, counted and charged: the most expensive case, and
the one to compare with a ledger. Only ``intake_mixed`` includes views like a real job board, nine per click.
"""

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from bench.board_events import BATCH_SPAN_MS, Stream
from bench.live_jobs import post_live_jobs
from bench.machine import Machine, make_ceiling, measure_copy
from bench.measurement import Measured, Sizes
from bench.parallel import Act, race
from bench.serving import RunningServer, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.database.arrays import Column

EVENTS_KEY = "bench-events"
MIXED_CLICK_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender that prepares its bodies before the start and posts them one after another over one connection."""

    server: RunningServer
    stream: Stream
    first_number: int
    batches: int

    def prepare(self) -> Act:
        bodies = self.stream.make_bodies(self.first_number, self.batches)
        connection = self.server.connect(self.stream.sender)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {EVENTS_KEY}"}

        def act() -> list[float]:
            seconds = []
            for body in bodies:
                began = time.perf_counter()
                connection.request("POST", "/events", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                seconds.append(time.perf_counter() - began)
                reply = json.loads(content)
                assert reply["accepted"] == self.stream.batch_events, content[:500]
            return seconds

        return act


@dataclass(frozen=True, slots=True)
class Intake:
    """A server with live jobs, ready to receive events."""

    machine: Machine
    server: RunningServer
    sizes: Sizes

    def send(self, streams: tuple[Stream, ...], round_number: int) -> tuple[float, list[float]]:
        """Returns the events per second of one round, and the time of each batch in ms."""
        return self.send_batches(streams, round_number * self.sizes.batches, self.sizes.batches)

    def send_batches(
        self, streams: tuple[Stream, ...], first: int, batches: int
    ) -> tuple[float, list[float]]:
        """The same with so many batches of each stream, from its batch ``first`` on."""
        seconds, timings = race([Sender(self.server, stream, first, batches).prepare for stream in streams])
        events = batches * self.sizes.batch_events * len(streams)
        return events / seconds, [timing * 1_000 for sender in timings for timing in sender]

    def copy(self, streams: tuple[Stream, ...], round_number: int) -> tuple[float, float]:
        """Returns the rows per second of COPY, over one connection and over as many as there are senders."""
        rows, first = self.sizes.batch_events, round_number * self.sizes.batches
        copies = [stream.make_copies(first, self.sizes.batches) for stream in streams]
        alone = measure_copy(self.machine, [[batch for batches in copies for batch in batches]], rows=rows)
        return alone, measure_copy(self.machine, copies, rows=rows)


@dataclass(frozen=True, slots=True)
class Round:
    """The figures of one round."""

    spread: float
    uniform: float
    timings_ms: list[float]
    copied_alone: float
    copied_by_all: float
    hot: float
    mixed: float


def measure_intake(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures events by popularity, COPY, even, hot-job and mixed events alternately, after a warm-up round."""
    settings = Settings(database_url=machine.url, events_key=EVENTS_KEY)
    job_ids = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now).job_ids
    make_ceiling(machine)
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        intake = Intake(machine, server, sizes)
        first_ms = choose_start_ms(sizes, now)
        rounds = [_measure_round(intake, job_ids, first_ms, number) for number in range(sizes.runs + 1)][1:]
    rates = tuple(one.spread for one in rounds)
    alone = tuple(one.copied_alone for one in rounds)
    return {
        "intake_batch": Measured(rates, alone),
        "intake_batch_p50": Measured(tuple(float(np.percentile(one.timings_ms, 50)) for one in rounds)),
        "intake_batch_p99": Measured(tuple(float(np.percentile(one.timings_ms, 99)) for one in rounds)),
        "intake_uniform": Measured(tuple(one.uniform for one in rounds), alone),
        "intake_mixed": Measured(tuple(one.mixed for one in rounds), alone),
        "intake_hot_job": Measured(tuple(one.hot for one in rounds), alone),
        "copy_by_all": Measured(tuple(one.copied_by_all for one in rounds), alone),
    }


def _measure_round(intake: Intake, job_ids: tuple[Column, ...], first_ms: int, number: int) -> Round:
    spread = make_streams(job_ids, intake.sizes, first_ms)
    # Each kind of stream has its own sender numbers, so no event is a duplicate of another.
    senders = len(spread)
    hot = tuple(replace(one, sender=one.sender + senders, job_ids=job_ids[0][:1]) for one in spread)
    mixed = tuple(
        replace(one, sender=one.sender + 2 * senders, click_share=MIXED_CLICK_SHARE) for one in spread
    )
    uniform = tuple(replace(one, sender=one.sender + 3 * senders, is_uniform=True) for one in spread)
    rate, timings_ms = intake.send(spread, number)
    alone, by_all = intake.copy(spread, number)
    return Round(
        spread=rate,
        uniform=intake.send(uniform, number)[0],
        timings_ms=timings_ms,
        copied_alone=alone,
        copied_by_all=by_all,
        hot=intake.send(hot, number)[0],
        mixed=intake.send(mixed, number)[0],
    )


def make_streams(
    job_ids: tuple[Column, ...], sizes: Sizes, first_ms: int, *, sender: int = 0
) -> tuple[Stream, ...]:
    """Returns streams with sender numbers from ``sender`` on, so no event is a duplicate of another stream's."""
    return tuple(
        Stream(sender=sender + at, job_ids=ids, first_ms=first_ms, batch_events=sizes.batch_events)
        for at, ids in enumerate(job_ids)
    )


def choose_start_ms(sizes: Sizes, now: datetime) -> int:
    """Returns a start such that the stream ends about now and within today, because late events cause restatements."""
    span_ms = (sizes.runs + 1) * sizes.batches * BATCH_SPAN_MS
    return max(to_ms(start_of(day_of(now))), to_ms(now) - span_ms)
