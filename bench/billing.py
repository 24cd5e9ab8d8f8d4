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
from typing import Any

import numpy as np
import psycopg

from bench.event_days import fill_day, make_keys
from bench.machine import Machine
from bench.measurement import LARGE, Measured, Sizes
from bench.serving import RunningServer, serve
from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS, FINAL_AFTER_DAYS, start_of
from jobmeter.base.ids import shard_of
from jobmeter.base.settings import Settings
from jobmeter.billing import rules
from jobmeter.billing.invoices import flow as invoices
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.database.statements import load_statements
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.model import EventKind, StoredEvents

SQL = load_statements("bench", "billing.sql", enums=(AccountKind, Purpose))

JOBS_PER_ACCOUNT = 1_000
DAYS_PER_JOB = 3
ACCOUNTS, ACCOUNTS_LARGE = 100, 1_000
ACCOUNTS_PER_TRANSACTION = 25  # as the worker does
OPERATOR_KEY = "bench-operator"
CLICKS, CLICKS_LARGE = 100_000, 1_000_000
BATCH_CLICKS = 10_000
CLICK_DAYS = 2
PAGES, PAGE_CLICKS = 40, 1_000


@dataclass(frozen=True, slots=True)
class Month:
    month: date
    now: datetime  # when it is final

    @property
    def values(self) -> dict[str, object]:
        return {"month": self.month, "now": self.now}


def measure_billing(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures one run, since a month is billed once, and the SELECT of its lines after it; the memory is this process's."""
    accounts = ACCOUNTS_LARGE if sizes == LARGE else ACCOUNTS
    month = _prepare(machine, now, accounts=accounts, jobs=JOBS_PER_ACCOUNT)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["charge_days"], month.values | {"days": DAYS_PER_JOB})
        connection.execute(SQL["analyze_month"])
    seconds = asyncio.run(_bill(machine.url, month))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    with psycopg.connect(machine.url) as connection:
        counted = connection.execute(SQL["count_lines"]).fetchone()
    assert counted == (accounts * JOBS_PER_ACCOUNT, accounts)
    limits = [_fetch_lines(machine) for _ in range(3)]
    note = f"{accounts:,} accounts, {counted[0]:,} lines"
    return {
        "billing_run": Measured((counted[0] / seconds,), tuple(counted[0] / taken for taken in limits), note),
        "billing_run_memory": Measured((peak_mb,), note=note),
    }


def _prepare(machine: Machine, now: datetime, *, accounts: int, jobs: int) -> Month:
    month = rules.month_before(rules.last_billable_month(now, final_after_days=FINAL_AFTER_DAYS))
    found = Month(month, rules.billable_at(month, final_after_days=FINAL_AFTER_DAYS))
    asyncio.run(upgrade_database(machine.url))
    with psycopg.connect(machine.url) as connection:
        connection.execute(SQL["make_seller"], found.values)
        connection.execute(SQL["make_accounts"], found.values | {"accounts": accounts})
        connection.execute(SQL["post_jobs"], found.values | {"jobs": jobs})
    return found


async def _bill(url: str, month: Month) -> float:
    async with Database.opened(url, connections_max=1) as database:
        began = time.perf_counter()
        while True:
            async with database.transaction() as connection:
                step = await invoices.bill_next(
                    connection,
                    final_after_days=FINAL_AFTER_DAYS,
                    accounts_max=ACCOUNTS_PER_TRANSACTION,
                    now=month.now,
                    until_month=month.month,
                )
            if step is None:
                return time.perf_counter() - began


def _fetch_lines(machine: Machine) -> float:
    with psycopg.connect(machine.url) as connection:
        began = time.perf_counter()
        connection.execute(SQL["list_lines"]).fetchall()
        return time.perf_counter() - began


# -- the clicks of a line


def measure_clicks_page(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures pages of 1,000 clicks at different places of one line, over HTTP, in ms, after a warm-up page."""
    clicks = CLICKS_LARGE if sizes == LARGE else CLICKS
    month = _prepare(machine, now, accounts=1, jobs=1)
    _fill_clicks(machine, month, clicks)
    asyncio.run(_bill(machine.url, month))
    settings = Settings(database_url=machine.url, operator_key=OPERATOR_KEY, events_key="bench-events")
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        seconds = list(_read_pages(server, clicks))
    note = f"of {clicks:,} clicks"
    return {"invoice_clicks_page": Measured(tuple(one * 1_000 for one in seconds[1:]), note=note)}


def _fill_clicks(machine: Machine, month: Month, clicks: int) -> None:
    with psycopg.connect(machine.url, autocommit=True) as connection:
        (job_id,) = connection.execute("SELECT job_id FROM job_budgets").fetchone() or (0,)
        for number in range(CLICK_DAYS):
            day = month.month + timedelta(days=number)
            batches = clicks // CLICK_DAYS // BATCH_CLICKS
            made = (_make_clicks(job_id, day, batch=batch, batches=batches) for batch in range(batches))
            fill_day(connection, day, made, booked_at=start_of(day))
        connection.execute(SQL["settle_days"], {"now": month.now})
        connection.execute(SQL["analyze_clicks"])


def _make_clicks(job_id: int, day: date, *, batch: int, batches: int) -> bytes:
    rng = np.random.default_rng([7, day.toordinal(), batch])
    span_ms = DAY_MS // batches
    times = to_ms(start_of(day)) + batch * span_ms + np.sort(rng.integers(0, span_ms, BATCH_CLICKS))
    constant = np.ones(BATCH_CLICKS, dtype=np.int64)
    return StoredEvents(
        shards=constant * shard_of(job_id),
        keys=make_keys(rng, times).view("V16").reshape(-1),
        job_ids=constant * job_id,
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
