"""A long export needs the memory of a short one, in every format; and other requests are answered meanwhile."""

import http.client
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest

from bench.exports import read_peak_mb
from bench.machine import open_machine
from bench.reports import prepare_jobs
from bench.serving import serve
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import day_of

JOBS = {"csv": 5_000, "jsonl": 5_000, "xlsx": 1_500, "parquet": 5_000}
DAYS = 70
MEMORY_RATIO_MAX = 1.2
HEALTH_SECONDS_MAX = 2


def export(port, token, now, *, days, file_format):
    last = day_of(now) - timedelta(days=1)
    path = (
        f"/partner/exports/jobReports?format={file_format}&from={last - timedelta(days=days - 1)}&to={last}"
    )
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        status = 503
        while status == 503:  # a file is being made
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            status = response.status
            while response.read(1 << 20):
                pass
    assert status == 200


def watch_health(port, stop, waits):
    while not stop.is_set():
        began = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("GET", "/health")
            response = connection.getresponse()
            response.read()
        assert response.status == 200
        waits.append(time.perf_counter() - began)
        stop.wait(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_long_export_needs_the_memory_of_a_short_one(file_format, tmp_path):
    now = read_machine_clock()
    with open_machine() as machine:
        _, token, settings = prepare_jobs(machine, JOBS[file_format], DAYS, now, every=1)
        environment = settings.to_environment() | {"JOBMETER_DOWNLOAD_FOLDER": str(tmp_path / "downloads")}
        with serve("jobmeter.app:create_app", environment, factory=True) as server:
            export(server.port, token, now, days=DAYS // 7, file_format=file_format)
            small_mb = read_peak_mb(server)
            stop, waits = threading.Event(), []
            watcher = threading.Thread(target=watch_health, args=(server.port, stop, waits))
            watcher.start()
            export(server.port, token, now, days=DAYS, file_format=file_format)
            stop.set()
            watcher.join()
            assert read_peak_mb(server) < small_mb * MEMORY_RATIO_MAX
            assert max(waits) < HEALTH_SECONDS_MAX
