"""Owns the figures of growth: what a unit of work costs with ten and a hundred times the data, beside the same with the least data.

Each is measured on a server of its own, or on the cluster that an environment variable names. Does not own the data or the work.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from bench.billing import JOBS_PER_ACCOUNT, bill, fill_month
from bench.cluster import CLUSTER
from bench.intake import EVENTS_KEY, Intake, make_streams
from bench.intake_growth import choose_start_ms
from bench.live_jobs import post_live_jobs
from bench.machine import Machine, open_machine
from bench.measurement import Measured, Sizes
from bench.nodes import distribute, drop_databases, make_database
from bench.reports import Reporter, choose_month, pick_reported, prepare_jobs
from bench.serving import serve
from bench.settlement import fill_past_day, settle_day
from jobmeter.base.settings import Settings

NAME = "jobmeter_bench_tenfold"
TIMES = {1: "", 10: "tenfold", 100: "hundredfold"}
LEAST_BATCHES, ROUND_BATCHES = 6, 2  # of each sender
REPORTED_JOBS, REPORTED_DAYS = 20_000, 360  # in the least data one job in a hundred has days
REPORT_ROUNDS, REQUESTS, PAGES = 3, 480, 10
SETTLED_BATCHES = 5
MICROSECONDS = 1_000_000
MICROSECONDS_PER_MS = 1_000

Costs = tuple[float, ...]  # of one unit of work, in microseconds


@dataclass(frozen=True, slots=True)
class Place:
    """A database for one measurement; ``cluster`` is the URL of the coordinator's database ``postgres``, if there is one."""

    machine: Machine
    cluster: str = ""

    def distribute(self) -> None:
        """On a cluster, distributes what is stored; what follows is measured there."""
        if self.cluster:
            distribute(self.cluster, NAME)


@contextlib.contextmanager
def open_place() -> Iterator[Place]:
    cluster = os.environ.get(CLUSTER, "")
    if not cluster:
        with open_machine() as machine:
            yield Place(machine)
        return
    drop_databases(cluster, (NAME,))
    try:
        yield Place(Machine(make_database(cluster, NAME)), cluster)
    finally:
        drop_databases(cluster, (NAME,))


def measure_intake_growth(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures batches of a day that has ten and a hundred times the events."""
    return _compare("intake", _measure_intake(sizes, now))


def measure_report_growth(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures reports by ids and pages of a range of days with ten and a hundred times the days."""
    found = {times: _measure_reports(sizes, now, times) for times in TIMES}
    by_ids = {times: costs for times, (costs, _) in found.items()}
    return _compare("by_ids", by_ids) | _compare(
        "range_page", {at: costs for at, (_, costs) in found.items()}
    )


def measure_settlement_growth(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures the settlement of a day of ten and a hundred times the events."""
    return _compare("settlement", {times: _measure_settlement(sizes, now, times) for times in TIMES})


def measure_billing_growth(_: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures the billing of a month of ten and a hundred times the accounts."""
    return _compare("billing", {times: _measure_billing(sizes, now, times) for times in TIMES})


def _compare(work: str, costs: dict[int, Costs]) -> dict[str, Measured]:
    note = "on a cluster" if os.environ.get(CLUSTER, "") else ""
    return {f"{work}_{name}": Measured(costs[times], costs[1], note) for times, name in TIMES.items() if name}


def _measure_intake(sizes: Sizes, now: datetime) -> dict[int, Costs]:
    """Fills one day; the last batches that complete each size are compared, in rounds."""
    with open_place() as place:
        jobs = post_live_jobs(place.machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now)
        place.distribute()
        settings = Settings(database_url=place.machine.url, events_key=EVENTS_KEY)
        first_ms = choose_start_ms(LEAST_BATCHES * max(TIMES) + ROUND_BATCHES, now)
        streams = make_streams(jobs.job_ids, sizes, first_ms)
        with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
            intake = Intake(place.machine, server, sizes)
            costs: dict[int, Costs] = {}
            sent = 0
            for times in TIMES:
                # At first these are the batches that warm up.
                before = ROUND_BATCHES + LEAST_BATCHES * (times - 1) - sent
                intake.send_batches(streams, sent, before)
                starts = range(sent + before, sent + before + LEAST_BATCHES, ROUND_BATCHES)
                rates = [intake.send_batches(streams, start, ROUND_BATCHES)[0] for start in starts]
                costs[times] = tuple(MICROSECONDS / rate for rate in rates)
                sent += before + LEAST_BATCHES
    return costs


def _measure_reports(sizes: Sizes, now: datetime, times: int) -> tuple[Costs, Costs]:
    """Measures reports by ids of different jobs, at once, and the first page of a range of days, alone."""
    every = max(TIMES) // times
    with open_place() as place:
        jobs = min(sizes.jobs, REPORTED_JOBS)
        job_ids, token, settings = prepare_jobs(place.machine, jobs, REPORTED_DAYS, now, every=every)
        place.distribute()
        with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
            reporter = Reporter(server, token, pick_reported(job_ids, every=every), choose_month(now))
            rounds = range(REPORT_ROUNDS + 1)
            by_ids = [median(reporter.request_by_ids(number, REQUESTS).waits_ms) for number in rounds]
            pages = [reporter.time_page(0, PAGES) for _ in rounds]
    return _to_costs(by_ids[1:]), _to_costs(pages[1:])


def _to_costs(waits_ms: list[float]) -> Costs:
    return tuple(wait * MICROSECONDS_PER_MS for wait in waits_ms)


def _measure_settlement(sizes: Sizes, now: datetime, times: int) -> Costs:
    events = SETTLED_BATCHES * times * sizes.batch_events
    with open_place() as place:
        day = fill_past_day(place.machine, sizes, now, events=events)
        place.distribute()
        seconds = asyncio.run(settle_day(place.machine.url, day))
        return (seconds / events * MICROSECONDS,)


def _measure_billing(sizes: Sizes, now: datetime, times: int) -> Costs:
    """Bills so many accounts by one worker."""
    jobs = min(sizes.jobs, JOBS_PER_ACCOUNT)
    with open_place() as place:
        month = fill_month(place.machine, now, accounts=times, jobs=jobs)
        place.distribute()
        run = asyncio.run(bill(place.machine.url, month))
        return (run.seconds / (run.accounts * jobs) * MICROSECONDS,)
