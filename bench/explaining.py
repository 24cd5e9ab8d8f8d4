"""Owns the figure of explanations: the time from sending a batch until one of its events is charged and explained.

Two senders work at once; each requests the explanation of one of its events as soon as its batch is acknowledged.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection

import msgspec
import numpy as np

from bench.board_events import BATCH_SPAN_MS, Stream
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.parallel import Act, race
from bench.serving import RunningServer, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings

EVENTS_KEY, OPERATOR_KEY = "bench-events", "bench-operator"


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts its batches one after another and requests the explanation of the last event of each."""

    server: RunningServer
    stream: Stream
    first_number: int
    batches: int

    def prepare(self) -> Act:
        bodies = self.stream.make_bodies(self.first_number, self.batches)
        names = [msgspec.json.decode(body)[-1] for body in bodies]
        connection = self.server.connect(self.stream.sender)

        def act() -> list[float]:
            seconds = []
            for body, name in zip(bodies, names, strict=True):
                began = time.perf_counter()
                _call(connection, "POST", "/events", key=EVENTS_KEY, body=body)
                path = f"/operator/explain/events?source={name['source']}&id={name['id']}&time={name['time']}"
                found = json.loads(_call(connection, "GET", path, key=OPERATOR_KEY))
                seconds.append(time.perf_counter() - began)
                assert found["click"]["outcome"] == "CHARGED", found
            return seconds

        return act


def _call(
    connection: HTTPConnection, method: str, path: str, *, key: str, body: bytes | None = None
) -> bytes:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content[:500]
    return content


def measure_explaining(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures the 99th percentile of each round in ms, after a warm-up round."""
    settings = Settings(database_url=machine.url, events_key=EVENTS_KEY, operator_key=OPERATOR_KEY)
    job_ids = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now).job_ids
    span_ms = (sizes.runs + 1) * sizes.explained_batches * BATCH_SPAN_MS
    first_ms = max(to_ms(start_of(day_of(now))), to_ms(now) - span_ms)
    streams = [
        Stream(sender=at, job_ids=ids, first_ms=first_ms, batch_events=sizes.batch_events)
        for at, ids in enumerate(job_ids)
    ]
    rounds = []
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        for number in range(sizes.runs + 1):
            first = number * sizes.explained_batches
            senders = [Sender(server, stream, first, sizes.explained_batches).prepare for stream in streams]
            _, timings = race(senders)
            taken = [seconds * 1_000 for mine in timings for seconds in mine]
            rounds.append(float(np.percentile(taken, 99)))
    return {"event_to_explain_p99": Measured(tuple(rounds[1:]))}
