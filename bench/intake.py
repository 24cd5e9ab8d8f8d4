"""Owns the figures of intake: batches of events over HTTP, spread over all live jobs or all on one.

Every event is an apply click within its job's budget: the dearest case, since each is stored, counted and charged.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from bench.board_events import Stream
from bench.live_jobs import post_live_jobs
from bench.machine import Machine, make_ceiling, measure_copy
from bench.measurement import Measured, Sizes
from bench.parallel import Act, race
from bench.serving import Served, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.settings import Settings

EVENTS_KEY = "bench-events"
STREAM_STARTS_HOURS = 6


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender: makes its bodies before the start, posts them one after the other on a kept connection."""

    served: Served
    stream: Stream
    first_number: int
    batches: int

    def prepare(self) -> Act:
        bodies = self.stream.make_bodies(self.first_number, self.batches)
        connection = self.served.connect(self.stream.sender)
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
    """A server with live jobs, and the streams that go to it."""

    machine: Machine
    served: Served
    sizes: Sizes
    spread: tuple[Stream, ...]
    hot: tuple[Stream, ...]

    def send(self, streams: tuple[Stream, ...], round_number: int) -> tuple[float, list[float]]:
        """Events a second of one round, and how long each batch took, in ms."""
        first = round_number * self.sizes.batches
        seconds, timings = race(
            [Sender(self.served, stream, first, self.sizes.batches).prepare for stream in streams]
        )
        events = self.sizes.batches * self.sizes.batch_events * len(streams)
        return events / seconds, [timing * 1_000 for sender in timings for timing in sender]

    def copy(self, round_number: int) -> float:
        first = round_number * self.sizes.batches
        copies = [stream.make_copies(first, self.sizes.batches) for stream in self.spread]
        return measure_copy(self.machine, copies, rows=self.sizes.batch_events)


def measure_intake(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Rounds of spread events, COPY and hot-job events in turn, after one that warms everything up."""
    settings = Settings(database_url=machine.url, events_key=EVENTS_KEY)
    spread, hot = _make_streams(machine, sizes, now)
    make_ceiling(machine)
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as served:
        intake = Intake(machine, served, sizes, spread, hot)
        intake.send(spread, 0)
        intake.send(hot, 0)
        rates, ceilings, hot_rates, timings = [], [], [], []
        for round_number in range(1, sizes.runs + 1):
            rate, taken = intake.send(spread, round_number)
            rates.append(rate)
            timings.append(taken)
            ceilings.append(intake.copy(round_number))
            hot_rates.append(intake.send(hot, round_number)[0])
    return {
        "intake_batch": Measured(tuple(rates), tuple(ceilings)),
        "intake_batch_p50": Measured(tuple(float(np.percentile(taken, 50)) for taken in timings)),
        "intake_batch_p99": Measured(tuple(float(np.percentile(taken, 99)) for taken in timings)),
        "intake_hot_job": Measured(tuple(hot_rates), tuple(rates)),
    }


def _make_streams(
    machine: Machine, sizes: Sizes, now: datetime
) -> tuple[tuple[Stream, ...], tuple[Stream, ...]]:
    jobs = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now)
    first_ms = to_ms(now - timedelta(hours=STREAM_STARTS_HOURS))
    spread = tuple(
        Stream(sender, ids, first_ms, sizes.batch_events) for sender, ids in enumerate(jobs.job_ids)
    )
    # Other senders' numbers, so that no event is another's repeat; still one for each worker.
    hot = tuple(
        Stream(sender + sizes.senders, jobs.job_ids[0][:1], first_ms, sizes.batch_events)
        for sender in range(sizes.senders)
    )
    return spread, hot
