"""Ten million clicks, three in ten of them repeats, from two senders at once into budgets that run out.

``JOBMETER_TEST_CLICKS`` scales it. Incidents 3, 7, 8, 10 and 11 at full size; tests/incidents has the small
ones.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import numpy as np
import psycopg
import pytest

from bench.live_jobs import PRICE_MICROS, post_live_jobs
from bench.parallel import Act, race
from bench.serving import RunningServer, serve
from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.base.settings import Settings
from jobmeter.database.embedded import start_embedded
from jobmeter.database.pool import Database
from jobmeter.integrity.flow import check_laws
from jobmeter.sandbox import seed
from tests.slow.scale.clicks import SENDERS, Stream

CLICKS = int(os.environ.get("JOBMETER_TEST_CLICKS", "10000000"))
BATCH_ROWS = 10_000
REPEATED_ROWS = 3_000
JOBS = 20_000
AFFORDABLE = max(3, CLICKS // 50_000)  # a fifth of the clicks exceeds its job's budget
SPAN = timedelta(hours=12)
BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends its batches one after the other, each until it is acknowledged, on connections to any worker."""

    port: int
    stream: Stream
    number: int
    key: str

    def prepare(self) -> Act:
        return lambda: [
            self._send(self.stream.make_body(self.number, batch)) for batch in range(self.stream.batches)
        ]

    def _send(self, body: bytes) -> dict[str, int]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        while True:
            answer = httpx2.post(
                f"http://127.0.0.1:{self.port}/events", content=body, headers=headers, timeout=120
            )
            if answer.status_code not in BUSY:
                assert answer.status_code == 200, answer.text[:500]
                return answer.json()
            time.sleep(0.1)


def read_figures(url: str) -> dict[int, tuple[int, int, int, int]]:
    """Returns for each job: clicks that count, charged, reversed, micros."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT job_id, sum(apply_clicks), sum(clicks_charged), sum(clicks_reversed), sum(charge_micros)::bigint"
            " FROM job_day_sums GROUP BY job_id"
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def read_one(url: str, statement: str) -> tuple[int, ...]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()


async def broken_laws(url: str) -> list[object]:
    async with Database.opened(url, connections_max=1) as database, database.connection() as connection:
        return [check for check in await check_laws(connection) if check.breaches]


def settle(server_process: RunningServer, key: str, now: datetime) -> None:
    answer = httpx2.post(
        f"http://127.0.0.1:{server_process.port}/sandbox/clock",
        json={"set": (now + timedelta(days=4)).isoformat()},
        headers={"Authorization": f"Bearer {key}"},
        timeout=600,
    )
    assert answer.is_success, answer.text


@pytest.fixture
def url(tmp_path):
    server = start_embedded(tmp_path)
    yield server.url
    server.stop()


@pytest.mark.slow
def test_every_click_counts_once_and_no_budget_is_exceeded(url: str) -> None:
    now, keys = read_machine_clock(), seed.make_keys()
    settings = Settings(database_url=url, sandbox=True, **keys)
    # given jobs with a budget for the same few clicks each, and clicks that most of them barely get
    jobs = post_live_jobs(
        url, jobs=JOBS, customers=SENDERS, now=now, budget_micros=AFFORDABLE * PRICE_MICROS
    ).job_ids
    job_ids = np.ravel(np.column_stack(jobs))
    first_ms = to_ms(now - SPAN - timedelta(minutes=1))
    batches = CLICKS // BATCH_ROWS // SENDERS
    stream = Stream(job_ids, first_ms, to_ms(now) - first_ms - 60_000, batches, BATCH_ROWS, REPEATED_ROWS)
    clicks, repeated_visits = stream.count()
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server_process:
        # when two senders send at once, each also what the other is sending at that moment
        senders = [
            Sender(server_process.port, stream, number, keys["events_key"]).prepare
            for number in range(SENDERS)
        ]
        seconds, replies = race(senders)
        sums = {
            name: sum(one[name] for mine in replies for one in mine)
            for name in replies[0][0]
            if name != "rejections"
        }

        # then each click was accepted once, and each job is charged for exactly as many as its budget pays
        # for
        assert sums == {"accepted": stream.distinct, "duplicate": CLICKS - stream.distinct, "rejected": 0}
        assert (
            read_one(url, "SELECT count(*), count(DISTINCT event_key) FROM events") == (stream.distinct,) * 2
        )
        charged = np.minimum(clicks, AFFORDABLE)
        expected = np.column_stack([clicks, charged, np.zeros_like(clicks), charged * PRICE_MICROS])
        assert read_figures(url) == {
            job_id: tuple(row)
            for job_id, row in zip(job_ids.tolist(), expected.tolist(), strict=True)
            if row[0]
        }
        assert charged.sum() < 0.9 * clicks.sum()
        assert asyncio.run(broken_laws(url)) == []

        # and when the days are settled, the accepted clicks are those that remain, charged or free, and those
        # reversed
        began = time.monotonic()
        settle(server_process, keys["operator_key"], now)
        settled_seconds = time.monotonic() - began
        figures = read_figures(url)
        assert sum(row[2] for row in figures.values()) == repeated_visits > 0
        assert {job_id: row[0] + row[2] for job_id, row in figures.items()} == {
            job_id: count for job_id, count in zip(job_ids.tolist(), clicks.tolist(), strict=True) if count
        }
        assert all(row[3] <= AFFORDABLE * PRICE_MICROS and row[1] <= row[0] for row in figures.values())
        assert asyncio.run(broken_laws(url)) == []
    sys.stderr.write(f"\n{CLICKS:,} clicks in {seconds:.0f} s, settled in {settled_seconds:.0f} s\n")
