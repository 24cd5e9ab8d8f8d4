"""Incident 19: a ledger stalled for a second under many small batches."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest

from jobmeter.sandbox import seed
from tests.incidents.test_kill import make_partner_in
from tests.slow.crash.installation import Installation
from tests.support.sandbox_client import SandboxClient, make_event

BATCHES, AT_ONCE, ROWS = 4_000, 8, 3
P999_SECONDS_MAX = 1.0


@pytest.mark.slow
def test_small_batches_are_charged_within_a_bound(tmp_path) -> None:
    """Eight senders with three clicks per batch, each batch durable and charged before its response. The
    limit allows for a machine that is shared with others.
    """
    installation = Installation(tmp_path, seed.make_keys())
    try:
        credentials = make_partner_in(installation)
        installation.start_server()
        limits = httpx2.Limits(max_connections=AT_ONCE)
        with httpx2.Client(base_url=installation.base_url, timeout=30, limits=limits) as client:
            sandbox_client = SandboxClient(client, credentials)
            jobs = [sandbox_client.post_job(f"job-{n}") for n in range(20)]
            at = sandbox_client.now_ms

            def send(number: int) -> float:
                events = [
                    make_event(jobs[(number + n) % len(jobs)], f"{number}-{n}", at - n, type="applyClick")
                    for n in range(ROWS)
                ]
                began = time.perf_counter()
                answer = sandbox_client.send(events)
                taken = time.perf_counter() - began
                assert answer.json()["accepted"] + answer.json()["rejected"] == ROWS
                return taken

            with ThreadPoolExecutor(AT_ONCE) as senders:
                seconds = list(senders.map(send, range(BATCHES)))
        assert np.percentile(seconds, 99.9) < P999_SECONDS_MAX
    finally:
        installation.stop()
