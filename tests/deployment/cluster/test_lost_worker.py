"""A worker of the cluster is killed while batches arrive: each batch that was acknowledged counts once, and so does one that is sent again.

`CITUS_KILL` is a command that kills a worker at once, `CITUS_START` one that starts it again.
"""

import asyncio
import os
import subprocess
import threading
import time

import psycopg
import pytest

from tests.deployment.cluster.checking import list_broken
from tests.support.databases.citus import CITUS_URL
from tests.support.sandbox_client import make_event

KILL, START = os.environ.get("CITUS_KILL", ""), os.environ.get("CITUS_START", "")
pytestmark = pytest.mark.skipif(
    not (CITUS_URL and KILL and START), reason="CITUS_URL, CITUS_KILL and CITUS_START name no worker to kill"
)

BATCHES, CLICKS, KILLED_AFTER = 40, 10, 10
PATIENCE_SECONDS = 120


def kill_and_start():
    subprocess.run(KILL, shell=True, check=True)
    time.sleep(2)
    subprocess.run(START, shell=True, check=True, stdout=subprocess.DEVNULL)


def send_until_taken(client, events, *, expected=(503,)):
    """Sends again what was not acknowledged, as a job board does. Returns how many answers were errors, each of which was ``expected``."""
    errors, until = 0, time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.send(events)
        if answer.status_code == 200:
            return errors
        assert answer.status_code in expected, answer.text
        assert time.monotonic() < until, answer.text
        errors += 1
        time.sleep(0.2)


def test_no_click_is_lost_or_charged_twice(sandbox_client, database_url):
    job_ids = [sandbox_client.post_job(f"lost-{number}") for number in range(2)]
    at, breaking, errors = sandbox_client.now_ms, threading.Thread(target=kill_and_start), 0
    for batch in range(BATCHES):
        if batch == KILLED_AFTER:
            breaking.start()
        events = [
            make_event(job_id, f"{batch}-{number}-{job_id}", at + batch * CLICKS + number, type="applyClick")
            for job_id in job_ids
            for number in range(CLICKS // 2)
        ]
        errors += send_until_taken(sandbox_client, events, expected=(500, 503))
        errors += send_until_taken(sandbox_client, events, expected=(500, 503))
        time.sleep(0.1)
    breaking.join()
    assert errors > 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (BATCHES * CLICKS,)
    assert asyncio.run(list_broken(database_url)) == []
