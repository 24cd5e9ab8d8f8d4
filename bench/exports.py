"""Owns the figures of exports: rows of a CSV export over HTTP, compared with COPY of the same rows; and its memory.

The client only counts lines, so that it costs the server as little of the machine as COPY's own client does.
"""

import http.client
import time
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.reports import prepare_jobs
from bench.serving import RunningServer, serve
from jobmeter.base.days import day_of
from jobmeter.database.statements import load_statements

SQL = load_statements("bench", "exports.sql")

JOBS = 14_286  # a million job days
DAYS = 70
READ_BYTES = 1 << 20
KILOBYTES_PER_MB = 1_000


def measure_exports(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures exports and COPY alternately, after a warm-up round, which has a tenth of the days for the memory to start from."""
    jobs = min(JOBS, max(sizes.jobs, 2))
    _, token, settings = prepare_jobs(machine, jobs, DAYS, now, every=1)
    rows = jobs * DAYS
    exports, limits = [], []
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        _export(server, token, now, days=DAYS // 10)
        small_mb = read_peak_mb(server)
        for _ in range(sizes.runs + 1):
            limits.append(_copy(machine.url, rows))
            exports.append(_export(server, token, now, days=DAYS))
        large_mb = read_peak_mb(server)
    note = f"{rows:,} rows"
    return {
        "export_rows": Measured(tuple(exports[1:]), tuple(limits[1:]), note),
        "export_memory": Measured((large_mb,), (small_mb,), note),
    }


def _export(server: RunningServer, token: str, now: datetime, *, days: int) -> float:
    """Returns rows per second, from the request to the last byte."""
    last = day_of(now) - timedelta(days=1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    path = f"/partner/exports/jobReports?format=csv&from={last - timedelta(days=days - 1)}&to={last}"
    began = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    assert response.status == http.HTTPStatus.OK, response.read(1_000)
    lines = 0
    while piece := response.read(READ_BYTES):
        lines += piece.count(b"\n")
    seconds = time.perf_counter() - began
    connection.close()
    return (lines - 1) / seconds


def _copy(url: str, rows: int) -> float:
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        with connection.cursor().copy(SQL["copy_job_days"]) as copy:
            lines = sum(bytes(piece).count(b"\n") for piece in copy)
        seconds = time.perf_counter() - began
    assert lines == rows
    return rows / seconds


def read_peak_mb(server: RunningServer) -> float:
    """The largest peak of the server's workers."""
    workers = psutil.Process(server.process_id).children()
    texts = [Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii") for worker in workers]
    return (
        max(int(line.split()[1]) for text in texts for line in text.splitlines() if line.startswith("VmHWM"))
        / KILOBYTES_PER_MB
    )
