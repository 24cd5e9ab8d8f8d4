"""The promotion feed as a job board follows it: what to promote, what to stop and why, and who else is notified."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.partner.test_webhooks import register, wait_for
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.webhook_receiver import Receiver, open_receiver

WITHIN_SECONDS = 1.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as opened:
        yield opened


class Follower:
    """Follows the feed from a snapshot on and keeps the set of promoted jobs."""

    def __init__(self, sandbox_client: SandboxClient) -> None:
        self.sandbox_client = sandbox_client
        self.reasons: dict[str, str | None] = {}
        lines = [json.loads(line) for line in self._get("/delivery/snapshot").text.splitlines()]
        self.cursor = lines[0]["cursor"]
        self.promoted = {line["externalJobPostingId"] for line in lines[1:]}

    def _get(self, path: str) -> Any:
        answer = self.sandbox_client.client.get(
            path, headers=bearer(self.sandbox_client.credentials["events_key"])
        )
        assert answer.status_code == 200, answer.text
        return answer

    def follow(self, wait: int = 0) -> list[dict[str, Any]]:
        page = self._get(f"/delivery/changes?after={self.cursor}&wait={wait}").json()
        for change in page["elements"]:
            name = change["externalJobPostingId"]
            (self.promoted.add if change["promote"] else self.promoted.discard)(name)
            self.reasons[name] = change["reason"]
        self.cursor = page["cursor"]
        return page["elements"]

    def follow_until(self, name: str, *, promoted: bool) -> None:
        give_up_at = time.monotonic() + 10
        while (name in self.promoted) is not promoted:
            assert time.monotonic() < give_up_at, (name, self.reasons)
            self.follow(wait=2)


def test_a_job_is_promoted_runs_out_and_is_promoted_again(sandbox_client, receiver):
    register(sandbox_client, receiver.url)
    follower = Follower(sandbox_client)
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("a")])
    follower.follow_until("a", promoted=True)

    job_id = int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
    sandbox_client.send_clicks(job_id, 25)
    follower.follow_until("a", promoted=False)
    assert follower.reasons["a"] == "JOB_BUDGET"
    # reported everywhere: task, status, webhook
    task = sandbox_client.task(row["id"])
    assert (task["status"], task["errorMessage"]) == ("PROCESSED", "This job's budget has ran out.")
    wait_for(lambda: receiver.bodies and receiver.bodies[-1]["promotionStatus"] == "NOT_PROMOTED")
    body = receiver.bodies[-1]
    assert body["promotionStatusDetail"]["statusMessage"] == "This job's budget has ran out."
    assert (body["type"], body["externalJobPostingId"]) == ("JOB_POSTING_STATUS", "a")
    assert body["developerApplicationUrn"] == sandbox_client.credentials["child"]["urn"]

    more = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "60.00"}}
    sandbox_client.batch_create(
        [sandbox_client.job_element("a", jobPostingOperationType="UPDATE", budget=more)]
    )
    follower.follow_until("a", promoted=True)
    assert follower.reasons["a"] is None
    sandbox_client.close_job("a")
    follower.follow_until("a", promoted=False)
    assert follower.reasons["a"] == "CLOSED_BY_POSTER"


def test_a_daily_budget_stops_for_the_day(sandbox_client):
    follower = Follower(sandbox_client)
    budget = {
        "payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"},
        "payForPerformanceDailyBudget": {"currencyCode": "USD", "amount": "3.00"},
    }
    job_id = sandbox_client.post_job("daily", budget=budget)
    follower.follow_until("daily", promoted=True)

    sandbox_client.send_clicks(job_id, 5)
    follower.follow_until("daily", promoted=False)
    assert follower.reasons["daily"] == "DAY_BUDGET"

    sandbox_client.advance_to_midnight()
    follower.follow_until("daily", promoted=True)
    day = sandbox_client.now.date() - timedelta(days=1)
    report = sandbox_client.report_by_ids("daily", days=(day, day)).json()["results"]["daily"]
    # five are counted and two charged: the others are reported and free
    assert report["jobPerformanceMetrics"][0]["applyClickCount"] == 5
    assert report["jobPerformanceMetrics"][0]["charge"]["amount"] == "3.00"


@pytest.mark.parametrize(
    ("daily", "message"),
    [
        ({"currencyCode": "USD", "amount": "1.00"}, "below the price"),
        ({"currencyCode": "USD", "amount": "30.01"}, "above the total"),
        ({"currencyCode": "EUR", "amount": "3.00"}, "differs from the contract"),
        ({"currencyCode": "USD", "amount": "-3"}, "/budget/payForPerformanceDailyBudget"),
        ({"currencyCode": "USD", "amount": "3.001"}, "/budget/payForPerformanceDailyBudget"),
    ],
)
def test_an_invalid_daily_budget_is_refused(sandbox_client, daily, message):
    budget = {
        "payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"},
        "payForPerformanceDailyBudget": daily,
    }
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("x", budget=budget)])
    assert row["status"] in {400, 422}
    assert message in row["error"]["message"]


@pytest.mark.parametrize("sandbox_client", [{"chore_interval_ms": 250}], indirect=True)  # as by default
def test_a_change_is_in_the_feed_within_a_second(sandbox_client):
    follower = Follower(sandbox_client)
    job_id = sandbox_client.post_job("fast")
    follower.follow_until("fast", promoted=True)

    began = time.monotonic()
    sandbox_client.send_clicks(job_id, 30)
    follower.follow_until("fast", promoted=False)

    assert time.monotonic() - began < WITHIN_SECONDS


@pytest.mark.long
def test_expiry_and_the_end_of_a_term_are_in_the_feed(sandbox_client):
    follower = Follower(sandbox_client)
    sandbox_client.post_job("short")
    follower.follow_until("short", promoted=True)

    sandbox_client.advance("31d")
    follower.follow_until("short", promoted=False)

    assert follower.reasons["short"] == "DURATION"


def test_a_cursor_always_returns_the_same_changes_and_a_snapshot_their_sum(sandbox_client):
    follower = Follower(sandbox_client)
    for number in range(4):
        sandbox_client.post_job(f"job-{number}")
    follower.follow_until("job-1", promoted=True)
    sandbox_client.close_job("job-1")
    follower.follow_until("job-1", promoted=False)
    follower.follow_until("job-3", promoted=True)
    headers = bearer(sandbox_client.credentials["events_key"])

    pages = [
        sandbox_client.client.get("/delivery/changes?after=0&limit=3", headers=headers).json() for _ in "ab"
    ]

    assert pages[0] == pages[1]
    assert pages[0]["hasMore"]
    assert Follower(sandbox_client).promoted == follower.promoted == {"job-0", "job-2", "job-3"}
    change = pages[0]["elements"][0]
    assert change["shard"] == change["jobPostingId"] % 256
    assert change["clicksLeft"] == 20
    landed = sandbox_client.client.get(
        change["apply"].partition("board.example")[2] or change["apply"], follow_redirects=False
    )
    assert landed.status_code == 302


def test_a_cursor_older_than_the_kept_changes_requires_a_snapshot(sandbox_client):
    Follower(sandbox_client)
    sandbox_client.post_job("old")
    sandbox_client.advance("8d")
    sandbox_client.post_job("new")
    headers = bearer(sandbox_client.credentials["events_key"])
    wait_for(
        lambda: (
            sandbox_client.client.get("/delivery/changes?after=0", headers=headers).status_code == 410
            or sandbox_client.advance("2m") is None
        )
    )
    answer = sandbox_client.client.get("/delivery/changes?after=0", headers=headers).json()
    assert answer["code"] == "CURSOR_TOO_OLD"
    wait_for(lambda: Follower(sandbox_client).promoted == {"old", "new"})


def test_a_cursor_from_before_a_restore_requires_a_snapshot(sandbox_client):
    """Such a cursor was once answered with an earlier one, and the follower kept jobs that the restored board had lost."""
    sandbox_client.post_job("restored")
    answer = sandbox_client.client.get(
        "/delivery/changes?after=999", headers=bearer(sandbox_client.credentials["events_key"])
    )
    assert (answer.status_code, answer.json()["code"]) == (410, "CURSOR_TOO_OLD")


def test_only_the_job_board_reads_the_feed(sandbox_client):
    for path in ("/delivery/changes", "/delivery/snapshot"):
        assert sandbox_client.client.get(path).status_code == 401
        assert sandbox_client.client.get(path, headers=bearer(sandbox_client.token())).status_code == 401
    headers = bearer(sandbox_client.credentials["events_key"])
    for query in ("after=x", "after=-1", "limit=1e3", "wait=soon"):
        assert sandbox_client.client.get(f"/delivery/changes?{query}", headers=headers).status_code == 400


def test_each_alert_share_of_a_budget_is_notified_once(sandbox_client, receiver):
    register(sandbox_client, receiver.url, "BUDGET_ALERT")
    job_id = sandbox_client.post_job("alert")
    for round_number, (clicks, alerts) in enumerate([(9, 0), (1, 1), (1, 1), (5, 2), (4, 3), (3, 3)]):
        sandbox_client.send_clicks(job_id, clicks, prefix=f"r{round_number}-")
        wait_for(lambda alerts=alerts: len(receiver.bodies) == alerts)
    assert [body["percent"] for body in receiver.bodies] == [50, 80, 100]
    assert receiver.bodies[0]["spent"] == {"currencyCode": "USD", "amount": "15.00"}

    # after the limit is raised, only shares above the current one are notified
    more = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "45.00"}}
    sandbox_client.batch_create(
        [sandbox_client.job_element("alert", jobPostingOperationType="UPDATE", budget=more)]
    )
    sandbox_client.send_clicks(job_id, 5, prefix="more-")
    wait_for(lambda: len(receiver.bodies) == 4)
    assert (receiver.bodies[3]["percent"], receiver.bodies[3]["limit"]["amount"]) == (80, "45.00")
    sandbox_client.close_job("alert")
    # An alert of another job is sent: one that the closing caused would have been sent before it.
    sandbox_client.send_clicks(sandbox_client.post_job("alert-2"), 10, prefix="last-")
    wait_for(lambda: len(receiver.bodies) >= 5)
    assert [body["externalJobPostingId"] for body in receiver.bodies] == ["alert"] * 4 + ["alert-2"]


def test_alerts_of_a_contract_go_to_its_partner(sandbox_client, receiver):
    operator = bearer(sandbox_client.credentials["operator_key"])
    register(sandbox_client, receiver.url, "BUDGET_ALERT", who="parent")
    contract_id = sandbox_client.credentials["partner_contract_id"]
    limit = sandbox_client.client.get(f"/operator/contracts/{contract_id}", headers=operator).json()["limit"]
    half = f"{float(limit) * 0.55:.2f}"
    budget = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": half}}
    prices = {"clickPrice": f"{float(limit) / 20:.2f}", "validFrom": sandbox_client.now.isoformat()}
    assert sandbox_client.client.post(
        f"/operator/contracts/{contract_id}/prices", json=prices, headers=operator
    ).is_success
    job_id = sandbox_client.post_job("dear", budget=budget)
    sandbox_client.send_clicks(job_id, 10)

    def contract_alert() -> dict[str, Any] | None:
        sandbox_client.advance("61s")
        return next((body for body in receiver.bodies if body["scope"] == "CONTRACT"), None)

    alert = wait_for(contract_alert)
    assert (alert["percent"], alert["contract"]) == (50, f"urn:li:contract:{contract_id}")
