"""Incidents 8 and 11: many copies of one event at the same moment, and two servers that receive the same events."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, bearer, make_event, open_sandbox_client

BUDGET = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "15.00"}}  # ten clicks


def read_day(sandbox_client: SandboxClient, job_id: int) -> dict[str, Any]:
    headers = bearer(sandbox_client.credentials["operator_key"])
    day = sandbox_client.now.date().isoformat()
    answer = sandbox_client.client.get(f"/operator/explain/jobs/{job_id}/days/{day}", headers=headers)
    return answer.json()


@pytest.mark.parametrize("times", [12])
def test_duplicates_at_the_same_moment_are_one_charge(sandbox_client: SandboxClient, times: int) -> None:
    """8. Two requests with one nonce both passed the check before either had written it."""
    job_id, at = sandbox_client.post_job("at-once"), sandbox_client.now_ms
    batch = [make_event(job_id, f"c{n}", at + n, type="applyClick") for n in range(3)]
    with ThreadPoolExecutor(times) as senders:
        replies = [
            answer.json() for answer in senders.map(lambda _: sandbox_client.send(batch), range(times))
        ]

    assert sum(reply["accepted"] for reply in replies) == 3
    assert sum(reply["duplicate"] for reply in replies) == 3 * (times - 1)
    found = read_day(sandbox_client, job_id)
    assert (found["figures"]["clicksCharged"], found["figures"]["charge"]) == (3, "4.50")
    assert sum(posting["purpose"] == "CHARGE" for posting in found["postings"]) == 1


def test_two_servers_give_the_totals_of_one(database_url: str) -> None:
    """11. Two nodes behind a load balancer each kept counts, and each billed what both had seen."""
    with open_sandbox_client(database_url) as one:
        keys = {name: one.credentials[name] for name in ("events_key", "operator_key", "secret_key")}
        with open_sandbox_client(database_url, **keys) as opened:
            another = SandboxClient(opened.client, one.credentials)
            job_id, at = one.post_job("two-nodes", budget=BUDGET), one.now_ms
            events = [make_event(job_id, f"c{n}", at + n, type="applyClick") for n in range(40)]

            def send(number: int) -> int:
                """Sends every event to each server, in different batches and order."""
                rng = Random(number)
                mine = rng.sample(events, len(events))
                sandbox_client = (one, another)[number % 2]
                return sum(
                    sandbox_client.send(mine[first : first + 7]).json()["accepted"]
                    for first in range(0, 40, 7)
                )

            with ThreadPoolExecutor(4) as senders:
                assert sum(senders.map(send, range(4))) == len(events)
            for sandbox_client in (one, another):
                figures = read_day(one, job_id)["figures"]
                assert (figures["applyClicks"], figures["clicksCharged"], figures["charge"]) == (
                    40,
                    10,
                    "15.00",
                )
                assert figures["clicksBeyondBudget"] == 30
                assert sandbox_client.send(events).json()["duplicate"] == 40
