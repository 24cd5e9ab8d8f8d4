"""Owns the figures of growth: intake late in a large day compared with its first million events, many live jobs with few.

Does not own the senders or their events. ``JOBMETER_BENCH_DAY_EVENTS`` and ``JOBMETER_BENCH_LIVE_JOBS`` set the scale.
"""

import os
from dataclasses import dataclass, replace
from datetime import datetime

import psutil

from bench.board_events import BATCH_SPAN_MS
from bench.intake import EVENTS_KEY, Intake, make_streams
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from bench.serving import RunningServer, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.base.settings import Settings
from jobmeter.database.arrays import Column

DAY_EVENTS_LARGE = 50_000_000
LIVE_JOBS_LARGE = 1_000_000
FEW_JOBS = 1_000
COMPARED_EVENTS = 1_000_000
COMPARED_ROUNDS = 4
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """The day divided into equal rounds, of which the first and the last ``COMPARED_ROUNDS`` are compared."""

    rounds: int
    batches: int
    live_jobs: int

    def count_events(self, sizes: Sizes) -> int:
        return self.rounds * self.batches * sizes.batch_events * sizes.senders


def choose_scale(sizes: Sizes) -> Scale:
    """Returns the scale from the environment; by default the figure's own scale with ``--large``, otherwise a small one."""
    is_large = sizes == LARGE
    least = 2 * COMPARED_ROUNDS * sizes.batch_events * sizes.senders
    events = int(os.environ.get("JOBMETER_BENCH_DAY_EVENTS", DAY_EVENTS_LARGE if is_large else least))
    jobs = int(os.environ.get("JOBMETER_BENCH_LIVE_JOBS", LIVE_JOBS_LARGE if is_large else sizes.jobs))
    round_events = min(COMPARED_EVENTS // COMPARED_ROUNDS, events // (2 * COMPARED_ROUNDS))
    batches = max(1, round_events // (sizes.batch_events * sizes.senders))
    rounds = max(2 * COMPARED_ROUNDS, events // (batches * sizes.batch_events * sizes.senders))
    return Scale(rounds=rounds, batches=batches, live_jobs=jobs)


def measure_day_growth(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Fills one day with events, and measures the memory of the server's processes after each round."""
    scale = choose_scale(sizes)
    job_ids = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now).job_ids
    first_ms = choose_start_ms(scale.rounds * scale.batches, now)
    rates, held = [], []
    with serve("jobmeter.app:create_app", _settings(machine).to_environment(), factory=True) as server:
        intake = Intake(machine, server, replace(sizes, batches=scale.batches))
        intake.send(make_streams(job_ids, sizes, first_ms, sender=sizes.senders), 0)  # warm-up
        streams = make_streams(job_ids, sizes, first_ms, sender=0)
        for number in range(scale.rounds):
            rates.append(intake.send(streams, number)[0])
            held.append(measure_memory(server))
    note = f"{scale.count_events(sizes):,} events in the day"
    first, last = slice(COMPARED_ROUNDS), slice(-COMPARED_ROUNDS, None)
    return {
        "intake_growth": Measured(tuple(rates[last]), tuple(rates[first]), note),
        "intake_growth_memory": Measured(tuple(held[last]), tuple(held[first]), note),
    }


def measure_jobs_growth(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures few jobs alone, then with many other live jobs: events on the few jobs, and events spread over all."""
    scale = choose_scale(sizes)
    few = post_live_jobs(machine.url, jobs=min(FEW_JOBS, scale.live_jobs), customers=sizes.senders, now=now)
    first_ms = choose_start_ms((COMPARED_ROUNDS + 1) * scale.batches, now)
    with serve("jobmeter.app:create_app", _settings(machine).to_environment(), factory=True) as server:
        intake = Intake(machine, server, replace(sizes, batches=scale.batches))

        def send(job_ids: tuple[Column, ...], sender: int) -> tuple[float, ...]:
            streams = make_streams(job_ids, sizes, first_ms, sender=sender)
            # The first round fills the processes' caches of jobs.
            return tuple(intake.send(streams, number)[0] for number in range(COMPARED_ROUNDS + 1))[1:]

        alone = send(few.job_ids, 0)
        many = post_live_jobs(machine.url, jobs=scale.live_jobs, customers=sizes.senders, now=now).job_ids
        among_many, spread = send(few.job_ids, sizes.senders), send(many, 2 * sizes.senders)
    note = f"{scale.live_jobs:,} live jobs"
    return {
        "intake_growth_jobs": Measured(spread, alone, note),
        "intake_growth_few_of_many": Measured(among_many, alone, note),
    }


def measure_memory(server: RunningServer) -> float:
    """Returns the private memory of the server's processes in MB."""
    process = psutil.Process(server.process_id)
    family = [process, *process.children(recursive=True)]
    return float(sum(one.memory_full_info().uss for one in family)) / MEGABYTE


def choose_start_ms(batches: int, now: datetime) -> int:
    """Returns a start such that the stream ends about now and within today."""
    return max(to_ms(start_of(day_of(now))), to_ms(now) - batches * BATCH_SPAN_MS)


def _settings(machine: Machine) -> Settings:
    return Settings(database_url=machine.url, events_key=EVENTS_KEY)
