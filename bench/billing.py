"""Owns the figures of billing: a month of many accounts, and a page of the clicks of a large line.

The month's jobs and days are inserted directly into the tables, because intake is not what is measured.
"""

import asyncio
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench.event_days import fill_day, make_keys
from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from bench.serving import RunningServer, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, FINAL_AFTER_DAYS, start_of
from jobmeter.base.ids import SHARD_COUNT, shard_of
from jobmeter.base.settings import Settings
from jobmeter.billing import rules
from jobmeter.billing.invoices import flow as invoices
from jobmeter.database.arrays import Column
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind, StoredEvents
from jobmeter.metering.retention import flow as retention

SQL = load_statements("bench", "billing.sql", enums=(AccountKind, Purpose))

JOBS_PER_ACCOUNT = 1_000
DAYS_PER_JOB = 3
ACCOUNTS, ACCOUNTS_LARGE = 100, 1_000
ACCOUNTS_PER_TRANSACTION = 25  # as the worker does
OPERATOR_KEY = "bench-operator"
KILOBYTES_PER_MB = 1_024
CLICKS, CLICKS_LARGE = 100_000, 1_000_000
BATCH_CLICKS = 10_000
CLICK_DAYS = 2
JOBS_CLICKED = 2
PAGES, PAGE_CLICKS = 40, 1_000


@dataclass(frozen=True, slots=True)
class Month:
    month: date
    now: datetime  # when it is final

    @property
    def values(self) -> dict[str, object]:
        return {"month": self.month, "now": self.now}


def measure_billing(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures one run, since a month is billed once, and the SELECT of its lines after it.

    A quarter of the accounts is billed by one worker, the others by as many as there are senders. The memory is that of
    this process and of the database's largest process that serves it.
    """
    accounts = ACCOUNTS_LARGE if sizes == LARGE else ACCOUNTS
    month = fill_month(machine, now, accounts=accounts, jobs=JOBS_PER_ACCOUNT)
    alone = asyncio.run(bill(machine.url, month, accounts_max=accounts // 4))
    run = asyncio.run(bill(machine.url, month, workers=sizes.senders))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES_PER_MB
    peak_mb += max(alone.database_mb, run.database_mb)
    with psycopg.connect(machine.url) as connection:
        counted = connection.execute(SQL["count_lines"]).fetchone()
    assert counted == (accounts * JOBS_PER_ACCOUNT, accounts)
    assert alone.accounts + run.accounts == accounts
    limits = tuple(counted[0] / _fetch_lines(machine) for _ in range(3))
    note = f"{accounts:,} accounts, {counted[0]:,} lines"
    return {
        "billing_run": Measured((run.lines_per_second,), limits, f"{note}, {sizes.senders} workers"),
        "billing_run_alone": Measured((alone.lines_per_second,), limits, f"{note}, one worker"),
        "billing_run_memory": Measured((peak_mb,), note=note),
    }


def fill_month(machine: Machine, now: datetime, *, accounts: int, jobs: int) -> Month:
    """Stores a month that is due to be billed: so many jobs of each account, each charged on three days."""
    month = _prepare(machine, now, accounts=accounts, jobs=jobs)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["charge_days"], month.values | {"days": DAYS_PER_JOB})
        connection.execute(SQL["analyze_month"])
    return month


def _prepare(
    machine: Machine, now: datetime, *, accounts: int, jobs: int, shards: int = SHARD_COUNT
) -> Month:
    month = rules.month_before(rules.last_billable_month(now, final_after_days=FINAL_AFTER_DAYS))
    found = Month(month, rules.billable_at(month, final_after_days=FINAL_AFTER_DAYS))
    asyncio.run(upgrade_database(machine.url))
    with psycopg.connect(machine.url) as connection:
        connection.execute(SQL["make_seller"], found.values)
        connection.execute(SQL["make_accounts"], found.values | {"accounts": accounts})
        connection.execute(SQL["post_jobs"], found.values | {"jobs": jobs, "shards": shards})
    return found


@dataclass(frozen=True, slots=True)
class Run:
    accounts: int
    seconds: float
    database_mb: float  # the peak of the database's process, without the buffers that all of them share

    @property
    def lines_per_second(self) -> float:
        return self.accounts * JOBS_PER_ACCOUNT / self.seconds


async def bill(url: str, month: Month, *, workers: int = 1, accounts_max: int = ACCOUNTS_LARGE) -> Run:
    """Bills as many server processes do at once, each with its connection, until so many accounts or all are billed."""
    async with Database.opened(url, connections_max=workers) as database:
        began = time.perf_counter()
        done = await asyncio.gather(*(_work(database, month, accounts_max) for _ in range(workers)))
        seconds = time.perf_counter() - began
    return Run(sum(accounts for accounts, _ in done), seconds, max(megabytes for _, megabytes in done))


async def _work(database: Database, month: Month, accounts_max: int) -> tuple[int, float]:
    """Returns how many accounts this worker billed, and the memory of its process of the database."""
    accounts, megabytes = 0, 0.0
    while accounts < accounts_max:
        async with database.transaction() as connection:
            step = await invoices.bill_next(
                connection,
                final_after_days=FINAL_AFTER_DAYS,
                accounts_max=ACCOUNTS_PER_TRANSACTION,
                now=month.now,
                until_month=month.month,
            )
            megabytes = max(megabytes, _read_own_memory_mb(connection.info.backend_pid))
        if step is None:
            break
        accounts += step.accounts
    return accounts, megabytes


def _read_own_memory_mb(process_id: int) -> float:
    """Reads the peak of a process's memory from the system, less what it shares with others."""
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    kilobytes = {
        name: int(value.split()[0])
        for name, _, value in (line.partition(":") for line in lines)
        if name in {"VmHWM", "RssShmem", "RssFile"}
    }
    return (kilobytes["VmHWM"] - kilobytes["RssShmem"] - kilobytes["RssFile"]) / KILOBYTES_PER_MB


def _fetch_lines(machine: Machine) -> float:
    with psycopg.connect(machine.url) as connection:
        began = time.perf_counter()
        connection.execute(SQL["list_lines"]).fetchall()
        return time.perf_counter() - began


# -- the clicks of a line


def measure_clicks_page(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures pages of 1,000 clicks at different places of one line, over HTTP, in ms, after a warm-up page.

    Another job of the same customer has as many clicks at the same times.
    """
    clicks = CLICKS_LARGE if sizes == LARGE else CLICKS
    month = _prepare(machine, now, accounts=1, jobs=JOBS_CLICKED, shards=1)
    _fill_clicks(machine, month, clicks)
    asyncio.run(_index_days(machine.url, month))
    asyncio.run(bill(machine.url, month))
    settings = Settings(database_url=machine.url, operator_key=OPERATOR_KEY, events_key="bench-events")
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        seconds = list(_read_pages(server, clicks))
    note = f"of {clicks:,} clicks"
    return {"invoice_clicks_page": Measured(tuple(one * 1_000 for one in seconds[1:]), note=note)}


def _fill_clicks(machine: Machine, month: Month, clicks: int) -> None:
    with psycopg.connect(machine.url, autocommit=True) as connection:
        found = connection.execute("SELECT job_id FROM job_budgets ORDER BY job_id").fetchall()
        job_ids = np.array(found, dtype=np.int64).reshape(-1)
        for number in range(CLICK_DAYS):
            day = month.month + timedelta(days=number)
            batches = clicks * JOBS_CLICKED // CLICK_DAYS // BATCH_CLICKS
            made = (_make_clicks(job_ids, day, batch=batch, batches=batches) for batch in range(batches))
            fill_day(connection, day, made, booked_at=start_of(day))
        connection.execute(SQL["settle_days"], {"now": month.now})
        connection.execute(SQL["analyze_clicks"])


async def _index_days(url: str, month: Month) -> None:
    """As a server does once a minute."""
    async with Database.opened(url, connections_max=1) as database, database.connection() as connection:
        while await retention.index_next_day(connection, now=month.now):
            pass


def _make_clicks(job_ids: Column, day: date, *, batch: int, batches: int) -> bytes:
    """A batch of clicks in the order of their times, of each job in turn."""
    rng = np.random.default_rng([7, day.toordinal(), batch])
    span_ms = DAY_MS // batches
    times = to_ms(start_of(day)) + batch * span_ms + np.sort(rng.integers(0, span_ms, BATCH_CLICKS))
    constant = np.ones(BATCH_CLICKS, dtype=np.int64)
    clicked = np.resize(job_ids, BATCH_CLICKS)
    return StoredEvents(
        shards=constant * shard_of(int(job_ids[0])),
        keys=make_keys(rng, times).view("V16").reshape(-1),
        job_ids=clicked,
        kinds=constant * int(EventKind.APPLY_CLICK),
        verdicts=constant * 0,
        visitors=rng.integers(1, 2**62, BATCH_CLICKS),
        addresses=constant,
        batches=constant * (batch + 1),
    ).copy_body()


def _read_pages(server: RunningServer, clicks: int) -> Iterator[float]:
    """Yields the seconds of each of the first pages of the line, in order."""
    connection = server.connect(0)
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}

    def read(path: str) -> Any:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:500]
        return json.loads(content)

    (invoice,) = read("/operator/invoices")["elements"]
    path = f"/operator/invoices/{invoice['id']}/lines/1/clicks"
    after = ""
    for _ in range(min(PAGES, clicks // PAGE_CLICKS)):
        began = time.perf_counter()
        page = read(f"{path}?after={after}")
        yield time.perf_counter() - began
        assert len(page["elements"]) == PAGE_CLICKS
        after = page["nextAfter"]
