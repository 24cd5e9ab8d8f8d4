"""Owns the figures of reports: by ids compared with a bare handler that sends the same bytes, the last page with the first.

Every request is for different jobs, because cached responses would not measure anything.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

import httpx2
import numpy as np
import psycopg

from bench.bare import ANSWER
from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from bench.requests import LoadResult, make_get, send_all
from bench.serving import RunningServer, serve
from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, start_of
from jobmeter.base.ids import SHARD_COUNT
from jobmeter.base.settings import Settings
from jobmeter.charging.months.flow import archive_next_final_day
from jobmeter.database.arrays import Column
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.partners.model import Credentials
from jobmeter.partners.tokens import flow as tokens

SQL = load_statements("bench", "reports.sql")

CONNECTIONS = 16
REQUESTS = 2_000
PAGES = 30
IDS = 10
DAYS = 70
CALLS_MAX = 10**9


@dataclass(frozen=True, slots=True)
class Reporter:
    """A server with the reported jobs of a customer, and the data that requests need."""

    server: RunningServer
    token: str
    job_ids: Column
    month: tuple[date, date]

    def request_by_ids(self, seed: int, requests: int = REQUESTS) -> LoadResult:
        return send_all(self.server.port, self.make_requests(seed, requests))

    def make_requests(self, seed: int, requests: int) -> list[list[bytes]]:
        rng = np.random.default_rng(seed)
        chosen = rng.choice(self.job_ids, (CONNECTIONS, requests // CONNECTIONS, IDS))
        return [[self.make_by_ids(ids.tolist()) for ids in line] for line in chosen]

    def make_by_ids(self, job_ids: list[int]) -> bytes:
        ids = ",".join(f"bench-{job_id}" for job_id in job_ids)
        return self._make_get(f"ids=List({ids})&dateRange={_choose_range(*self.month)}")

    def time_page(self, start: int, pages: int = PAGES) -> float:
        """Returns the median time of the page that begins at ``start``, in ms."""
        days = (self.month[1] - timedelta(days=6), self.month[1])
        request = self._make_get(f"q=dateRange&dateRange={_choose_range(*days)}&start={start}&count=50")
        return median(send_all(self.server.port, [[request] * pages]).waits_ms)

    def _make_get(self, query: str) -> bytes:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "LinkedIn-Version": "202504",
            "X-RestLi-Protocol-Version": "2.0.0",
        }
        return make_get(f"/rest/partnerJobReports?{query}", headers)


def measure_reports(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures reports by ids and bare responses alternately, then first and last pages, each after a warm-up round."""
    job_ids, token, settings = prepare_jobs(
        machine, max(sizes.jobs, 2), DAYS, now, every=_choose_every(sizes)
    )
    by_ids, bare, firsts, lasts = [], [], [], []
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        reporter = Reporter(
            server, token, pick_reported(job_ids, every=_choose_every(sizes)), choose_month(now)
        )
        with tempfile.TemporaryDirectory() as folder:
            answer = _save_response(reporter, Path(folder))
            with serve("bench.bare:create_app", {ANSWER: str(answer)}, factory=True) as limit:
                other = Reporter(limit, token, reporter.job_ids, reporter.month)
                for number in range(sizes.runs + 1):
                    by_ids.append(reporter.request_by_ids(number))
                    bare.append(other.request_by_ids(number).per_second)
        last = len(job_ids) - 50
        for _ in range(sizes.runs + 1):
            firsts.append(reporter.time_page(0))
            lasts.append(reporter.time_page(max(last, 0)))
    waits = [one.waits_ms for one in by_ids[1:]]
    return {
        "report_by_ids": Measured(tuple(one.per_second for one in by_ids[1:]), tuple(bare[1:])),
        "report_by_ids_p50": Measured(tuple(float(np.percentile(one, 50)) for one in waits)),
        "report_by_ids_p99": Measured(tuple(float(np.percentile(one, 99)) for one in waits)),
        "report_last_page": Measured(tuple(lasts[1:]), tuple(firsts[1:])),
    }


def _choose_every(sizes: Sizes) -> int:
    return 50 if sizes.jobs >= LARGE.jobs else 1


def pick_reported(job_ids: Column, *, every: int) -> Column:
    """Those of the jobs that have days (``fill_days``)."""
    reported: Column = job_ids[(job_ids // SHARD_COUNT) % every == 0]
    return reported


def prepare_jobs(
    machine: Machine, jobs: int, days: int, now: datetime, *, every: int
) -> tuple[Column, str, Settings]:
    """Creates one customer's jobs; each ``every``-th of them has figures for ``days`` days up to yesterday."""
    settings = Settings(database_url=machine.url, rate_limits=f"partnerJobReports={CALLS_MAX}", chores=False)
    live = post_live_jobs(machine.url, jobs=jobs, customers=1, now=now)
    today = day_of(now)
    first = today - timedelta(days=days)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        span = {"first": first, "last": today - timedelta(days=1), "every": every}
        connection.execute(SQL["fill_days"], span)
        connection.execute(SQL["spend_days"])
        connection.execute(SQL["backdate_jobs"], {"created_at": start_of(first)})
        final = {"first": first, "last": today - timedelta(days=FINAL_AFTER_DAYS + 1), "settled_at": now}
        connection.execute(SQL["settle_days"], final)
        asyncio.run(_archive_months(machine.url, now))
        connection.execute(SQL["analyze_days"])
    return live.job_ids[0], asyncio.run(issue_token(machine.url, live.customers[0], now)), settings


async def _archive_months(url: str, now: datetime) -> None:
    """Archives the final days one by one, as the worker does."""
    async with Database.opened(url, connections_max=1) as database:
        is_kept = False
        while not is_kept:
            async with database.transaction() as connection:
                is_kept = await archive_next_final_day(connection, now=now) is None


async def issue_token(url: str, credentials: Credentials, now: datetime) -> str:
    async with Database.opened(url, connections_max=1) as database, database.transaction() as connection:
        token, _ = await tokens.issue_token(
            connection,
            client_id=credentials.application.client_id,
            client_secret=credentials.client_secret,
            now=now,
        )
    return token


def _save_response(reporter: Reporter, folder: Path) -> Path:
    """Saves one response for the bare server."""
    request = reporter.make_by_ids(reporter.job_ids[:IDS].tolist()).decode()
    target, lines = request.split(" ")[1], request.split("\r\n")[1:-2]
    headers = dict(line.split(": ", 1) for line in lines)
    answer = httpx2.get(f"http://127.0.0.1:{reporter.server.port}{target}", headers=headers)
    answer.raise_for_status()
    kept = "\n".join(
        [str(answer.status_code)]
        + [f"{name}: {value}" for name, value in answer.headers.items() if name != "content-length"]
    )
    path = folder / "answer"
    path.write_bytes(kept.encode() + b"\n\n" + answer.content)
    return path


def choose_month(now: datetime) -> tuple[date, date]:
    """Returns the last complete calendar month with 31 days."""
    last = day_of(now).replace(day=1) - timedelta(days=1)
    while last.day < 31:
        last = last.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _choose_range(first: date, last: date) -> str:
    start, end = (f"(year:{day.year},month:{day.month},day:{day.day})" for day in (first, last))
    return f"(start:{start},end:{end})"
