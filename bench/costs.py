"""Owns the command ``python -m bench.costs``: what an event, a job, a day of a job, a posting and a report cost, for ``jobmeter capacity``.

A cost is processor time of the server's and of the database's processes, bytes of the database's log, and bytes that are kept. Processor time
depends on the machine much less than a rate does, and hardly on what else it runs. Does not own what machines they add up to
(``operations.capacity``).
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg

from bench import clicks, intake, reports, settlement
from bench.board_events import Stream
from bench.live_jobs import post_live_jobs
from bench.machine import Machine, open_machine
from bench.measurement import Sizes
from bench.serving import RunningServer, serve
from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.base.settings import Settings
from jobmeter.charging.charge.flow import move_past_days
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.operations.capacity import COSTS, Cost
from jobmeter.sandbox import seed

SQL = load_statements("bench", "costs.sql")
APPLICATION = "jobmeter.app:create_app"
MICROSECONDS = 1_000_000
POSTED_MAX, BATCH_JOBS = 2_000, 50
REPORTS_MAX = 1_600
SINGLE_CLICKS_MAX = 6_400
SETTLED_BATCHES = 100
MOVED_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor seconds of the server and of the database since they were started, and the position of the log."""

    server: float
    database: float
    log: int


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads what the processes of a server, or this process, and those of a database have used."""

    url: str
    server_id: int

    def read(self) -> Reading:
        with psycopg.connect(self.url, autocommit=True) as connection:
            (place,) = _read(connection, "read_place")
            (log,) = _read(connection, "read_log_position")
        (first, *_) = Path(place, "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return Reading(server=_count_seconds(self.server_id), database=_count_seconds(int(first)), log=log)

    def measure(self, act: Callable[[], object], *, units: Callable[[], int], kept: str = "") -> Cost:
        """The cost of one of the ``units`` that ``act`` has done. ``kept`` is the table that stores them, "" for none."""
        bytes_before, before = self.count_bytes(kept), self.read()
        act()
        after, done = self.read(), units()
        return Cost(
            server_us=(after.server - before.server) * MICROSECONDS / done,
            database_us=(after.database - before.database) * MICROSECONDS / done,
            log_bytes=(after.log - before.log) / done,
            kept_bytes=(self.count_bytes(kept) - bytes_before) / done,
        )

    def count_bytes(self, name: str) -> int:
        if not name:
            return 0
        with psycopg.connect(self.url, autocommit=True) as connection:
            if name == "*":
                return int(_read(connection, "count_database_bytes")[0])
            return int(_read(connection, "sum_table_bytes", name=name)[0])


def _read(connection: psycopg.Connection[Any], statement: str, **values: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(SQL[statement], values or None).fetchone()
    assert found is not None
    return found


def _count_seconds(process_id: int) -> float:
    """Of the process and all that it has started, those included that have ended and were waited for."""
    process, seconds = psutil.Process(process_id), 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            used = one.cpu_times()
            seconds += used.user + used.system + used.children_user + used.children_system
    return seconds


@contextlib.contextmanager
def _serving(settings: Settings) -> Iterator[tuple[RunningServer, Meter]]:
    with serve(APPLICATION, settings.to_environment(), factory=True) as server:
        yield server, Meter(settings.database_url, server.process_id)


def _tidy(machine: Machine) -> None:
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["tidy"])


def measure_jobs(machine: Machine, sizes: Sizes) -> dict[str, Cost]:
    """Jobs that are posted over HTTP and carried out, until the lists have them."""
    now, posted = read_machine_clock(), min(sizes.jobs, POSTED_MAX)
    partner = asyncio.run(_make_partner(machine.url, now))
    settings = Settings(database_url=machine.url, rate_limits=f"simpleJobPostings={reports.CALLS_MAX}")
    with _serving(settings) as (server, meter):
        address = f"http://127.0.0.1:{server.port}"
        poster = Poster(machine.url, address, partner, to_ms(now) - 1_000)
        poster.post(0, BATCH_JOBS)  # a warm-up
        cost = meter.measure(lambda: poster.post(BATCH_JOBS, posted), units=lambda: posted, kept="*")
        # Jobs that are only held cost nothing but memory: what is locked and read with each event.
        hot = meter.count_bytes("job_budgets") // (posted + BATCH_JOBS)
    return {"job": cost, "job_held": Cost(server_us=0, database_us=0, log_bytes=0, kept_bytes=hot)}


async def _make_partner(url: str, now: datetime) -> dict[str, Any]:
    async with Database.opened(url, connections_max=1) as database:
        return await seed.make_partner(database, now=now)


@dataclass(frozen=True, slots=True)
class Poster:
    """A partner that posts jobs."""

    url: str
    address: str
    partner: dict[str, Any]
    listed_ms: int

    def post(self, first: int, count: int) -> None:
        keys = {name: self.partner["child"][name] for name in ("client_id", "client_secret")}
        with httpx2.Client(base_url=self.address, timeout=120) as client:
            form = {"grant_type": "client_credentials", **keys}
            token = client.post("/oauth/v2/accessToken", data=form).json()["access_token"]
            headers = {
                "Authorization": f"Bearer {token}",
                "LinkedIn-Version": "202504",
                "X-RestLi-Protocol-Version": "2.0.0",
                "X-RestLi-Method": "batch_create",
            }
            for start in range(first, first + count, BATCH_JOBS):
                elements = [self._make_element(number) for number in range(start, start + BATCH_JOBS)]
                answer = client.post("/rest/simpleJobPostings", headers=headers, json={"elements": elements})
                answer.raise_for_status()
        with psycopg.connect(self.url, autocommit=True) as connection:
            while _read(connection, "count_unfinished", jobs=first + count)[0] > 0:
                time.sleep(0.2)

    def _make_element(self, number: int) -> dict[str, Any]:
        return {
            "externalJobPostingId": f"job-{number}",
            "jobPostingOperationType": "CREATE",
            "title": f"Fitter {number}",
            "description": f"A fitter repairs what broke, number {number}. " * 40,
            "companyApplyUrl": "https://careers.example.com/apply",
            "listedAt": self.listed_ms,
            "location": "Leeds, England, United Kingdom",
            "companyName": "Harbour Logistics",
            "contract": f"urn:li:contract:{self.partner['customer_contract_id']}",
            "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
        }


def measure_events(machine: Machine, sizes: Sizes) -> dict[str, Any]:
    """Views and clicks in batches, spread evenly over the jobs, single clicks, and the days of jobs that they make."""
    now = read_machine_clock()
    live = post_live_jobs(machine.url, jobs=sizes.jobs, customers=sizes.senders, now=now)
    settings = Settings(
        database_url=machine.url,
        events_key=intake.EVENTS_KEY,
        secret_key=clicks.SECRET_KEY,
        chores=False,
    )
    events, found = sizes.batches * sizes.batch_events * sizes.senders, dict[str, Any]()
    with _serving(settings) as (server, meter):
        load = intake.Intake(machine, server, sizes)
        first_ms = intake.choose_start_ms(sizes, now)
        for name, share in (("view", 0.0), ("click", 1.0)):
            streams = tuple(
                Stream(
                    sender=int(share) * sizes.senders + at,
                    job_ids=ids,
                    first_ms=first_ms,
                    batch_events=sizes.batch_events,
                    click_share=share,
                    is_uniform=True,
                )
                for at, ids in enumerate(live.job_ids)
            )
            load.send(streams, 0)  # a warm-up
            _tidy(machine)
            sent = _Sent(load, streams)
            found[name] = meter.measure(sent.send, units=lambda: events, kept="events")
        found["posting"] = _size_rows(meter, "charge_postings", 0)
        singles = min(SINGLE_CLICKS_MAX, sizes.jobs * clicks.CONNECTIONS)
        candidates = clicks.Candidates(live.job_ids[0], singles)
        candidates.click(server, 1)
        found["single_click"] = meter.measure(lambda: candidates.click(server, 2), units=lambda: singles)
        memory = _count_memory(server)
    mover = _Mover(machine.url)
    moving = Meter(machine.url, os.getpid())
    found["job_day"] = moving.measure(mover.move, units=lambda: _count_rows(machine.url, 1), kept="job_days")
    return found | {"memory": memory}


@dataclass(frozen=True, slots=True)
class _Sent:
    load: intake.Intake
    streams: tuple[Stream, ...]

    def send(self) -> None:
        self.load.send(self.streams, 1)


@dataclass(frozen=True, slots=True)
class _Mover:
    """Moves today as the background work does when it is over."""

    url: str

    def move(self) -> None:
        asyncio.run(self._move())

    async def _move(self) -> None:
        tomorrow = read_machine_clock() + timedelta(days=1)
        async with Database.opened(self.url, connections_max=1) as database:
            while True:
                async with database.transaction() as connection:
                    if not await move_past_days(connection, rows_max=MOVED_ROWS, now=tomorrow):
                        return


def _count_rows(url: str, at: int) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        return int(_read(connection, "count_rows")[at])


def _size_rows(meter: Meter, table: str, at: int) -> Cost:
    """Rows that are written with others: what is kept of each."""
    kept = meter.count_bytes(table) / _count_rows(meter.url, at)
    return Cost(server_us=0, database_us=0, log_bytes=0, kept_bytes=kept)


def _count_memory(server: RunningServer) -> dict[str, int]:
    """The private memory of a process of the server after its load."""
    workers = [one for one in psutil.Process(server.process_id).children() if one.net_connections("tcp")]
    return {"server_process_bytes": max(one.memory_full_info().uss for one in workers)}


def measure_settlement(machine: Machine, sizes: Sizes) -> dict[str, Cost]:
    """A day of events, a tenth of them clicks, is evaluated and reversed, by one process and one of the database's."""
    events = SETTLED_BATCHES * sizes.batch_events
    day = settlement.fill_past_day(machine, sizes, read_machine_clock(), events=events)
    meter = Meter(machine.url, os.getpid())
    cost = meter.measure(lambda: asyncio.run(settlement.settle_day(machine.url, day)), units=lambda: events)
    return {"settled_event": cost}


def measure_reports(machine: Machine, sizes: Sizes) -> dict[str, Cost]:
    """Reports of ten jobs and a month."""
    jobs, days, asked = sizes.jobs // 5, reports.DAYS, min(REPORTS_MAX, sizes.jobs)
    job_ids, token, settings = reports.prepare_jobs(machine, jobs, days, read_machine_clock(), every=1)
    with _serving(settings) as (server, meter):
        month = reports.choose_month(read_machine_clock())
        reporter = reports.Reporter(server, token, job_ids, month)
        reporter.request_by_ids(0, asked)
        cost = meter.measure(
            lambda: reporter.request_by_ids(1, asked),
            units=lambda: asked // reports.CONNECTIONS * reports.CONNECTIONS,
        )
        kept = _size_rows(meter, "job_months", 2)
    return {"report": cost, "job_month": kept}


def measure_all(sizes: Sizes) -> dict[str, Any]:
    """Each on a database of its own."""
    costs = dict[str, Cost]()
    with open_machine() as machine:
        costs |= measure_jobs(machine, sizes)
    with open_machine() as machine:
        found = measure_events(machine, sizes)
    memory = found.pop("memory")
    with open_machine() as machine:
        costs |= found | measure_settlement(machine, sizes)
    with open_machine() as machine:
        costs |= measure_reports(machine, sizes)
    return {
        "measured": {
            "on": f"{read_machine_clock():%Y-%m-%d}",
            "with": "python -m bench.costs --write",
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        },
        "memory": memory,
        "costs": {
            name: {key: round(value, 2) for key, value in asdict(cost).items()}
            for name, cost in costs.items()
        },
    }


def main(arguments: list[str] | None = None, *, sizes: Sizes | None = None) -> int:
    """Prints the costs; with ``--write`` they are those of ``jobmeter capacity`` from now on."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.costs", description="Measure what each thing costs."
    )
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=COSTS,
        metavar="FILE",
        help="keep them, for jobmeter capacity or in FILE",
    )
    options = parser.parse_args(arguments)
    text = json.dumps(measure_all(sizes or Sizes(batches=20)), indent=2) + "\n"
    if options.write is not None:
        options.write.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
