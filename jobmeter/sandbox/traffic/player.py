"""Owns the client side of a sandbox: reads its credentials, moves its clock, plays traffic into it.

Does not own the shape of traffic (``generator``) or the server. Uses HTTP only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.sandbox.traffic.generator import generate_day
from jobmeter.sandbox.traffic.ground_truth import DayTruth, Truth
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import ScheduledEvent, encode_batches, merge_schedules, split_due
from jobmeter.sandbox.traffic.special_visits import list_staff

BATCH_ROWS = 10_000
STEP_HOURS = 1  # events arrive up to 47 hours late: longer steps would make some of them too late
TAIL_DAYS = 3
REQUEST_SECONDS = 120


class SandboxRefusedError(Exception):
    """One line with the sandbox's response to a request that it did not carry out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackResult:
    """The result of a playback, as the sandbox counted it."""

    sent: int
    accepted: int
    duplicate: int
    rejected: int
    truth: Truth


class Sandbox:
    """A running sandbox, reached with the content of its credentials file."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self.credentials = credentials
        # The sandbox runs on this machine or network: a proxy of the environment is not for it.
        self.client = httpx2.Client(
            base_url=credentials["base_url"], timeout=REQUEST_SECONDS, trust_env=False
        )

    def call(self, method: str, path: str, *, key: str, **content: Any) -> Any:
        """Returns the decoded response. Raises ``SandboxRefusedError``."""
        headers = {"Authorization": f"Bearer {key}"} | content.pop("headers", {})
        try:
            answer = self.client.request(method, path, headers=headers, **content)
        except httpx2.HTTPError as error:
            raise SandboxRefusedError(f"no sandbox answers at {self.client.base_url}: {error}") from error
        if not answer.is_success:
            raise SandboxRefusedError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def read_clock(self) -> datetime:
        shown = self.call("GET", "/sandbox/clock", key=self.credentials["operator_key"])
        return from_ms(shown["nowMs"])

    def move_clock(self, **wanted: str) -> datetime:
        """Takes ``set=`` a time or ``advance=`` a duration."""
        shown = self.call("POST", "/sandbox/clock", key=self.credentials["operator_key"], json=wanted)
        return from_ms(shown["nowMs"])

    def list_live_jobs(self, *, live_from_ms: int) -> list[LiveJob]:
        found = self.call("GET", "/sandbox/jobs", key=self.credentials["operator_key"])
        return [
            LiveJob(
                job_id=job["job"],
                live_from_ms=live_from_ms,
                live_until_ms=job["liveUntilMs"],
                market=job["country"],
            )
            for job in found["jobs"]
        ]

    def exclude_staff(self) -> None:
        """Registers the customers' own staff with the filters, in the partner's name."""
        parent = self.credentials["parent"]
        form = {"grant_type": "client_credentials"} | {
            name: parent[name] for name in ("client_id", "client_secret")
        }
        token = self.client.post("/oauth/v2/accessToken", data=form).json()["access_token"]
        for visitor in list_staff():
            wanted = {"visitor": visitor, "note": "staff"}
            self.call("POST", "/partner/excludedVisitors", key=token, json=wanted)

    def send_events(self, body: bytes) -> dict[str, int]:
        reply: dict[str, int] = self.call(
            "POST",
            "/events",
            key=self.credentials["events_key"],
            content=body,
            headers={"Content-Type": "application/json"},
        )
        return reply


def play_traffic(
    sandbox: Sandbox,
    plan: TrafficPlan,
    *,
    days: int,
    when_moved: Callable[[datetime], None],
    when_sent: Callable[[bytes], None] = lambda _: None,
) -> PlaybackResult:
    """Plays ``days`` days of traffic for the jobs that are live now, then the events that arrive late.

    The sandbox clock moves along, hour by hour; ``when_moved`` is called after each move, ``when_sent`` with
    each body. Days begin at the sandbox's next full hour and are days of traffic, not calendar days.
    """
    if plan.staff_rate:
        sandbox.exclude_staff()
    began = sandbox.read_clock()
    began_ms = to_ms(began)
    live_jobs = sandbox.list_live_jobs(live_from_ms=began_ms)
    first_day = start_of(day_of(began))
    last = first_day + timedelta(days=days)
    waiting: list[ScheduledEvent] = []
    truths: list[DayTruth] = []
    counts = dict.fromkeys(("accepted", "duplicate", "rejected"), 0)
    sent = 0
    now = began
    while now < last + timedelta(days=TAIL_DAYS):
        day = start_of(day_of(now))
        if day < last and len(truths) <= (day - first_day).days:
            scheduled_events, truth = generate_day(live_jobs, to_ms(day), plan)
            waiting = merge_schedules(waiting, scheduled_events)
            truths.append(truth)
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=STEP_HOURS)
        now = sandbox.move_clock(set=hour.isoformat())
        due, waiting = split_due(waiting, to_ms(hour))
        for body in encode_batches(due, BATCH_ROWS):
            when_sent(body)
            reply = sandbox.send_events(body)
            counts = {name: counts[name] + reply[name] for name in counts}
        sent += len(due)
        when_moved(now)
        if not waiting and now >= last:
            break
    return PlaybackResult(sent=sent, truth=Truth(tuple(truths)), **counts)
