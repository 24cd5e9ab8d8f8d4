"""Owns playing traffic into a running sandbox while its clock moves.

Does not own the shape of traffic (``generator``) or the requests (``client``). Uses HTTP only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.sandbox.traffic.client import Sandbox, SandboxRefusedError
from jobmeter.sandbox.traffic.generator import generate_day
from jobmeter.sandbox.traffic.ground_truth import DayTruth, Truth
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import ScheduledEvent, encode_batches, merge_schedules, split_due
from jobmeter.sandbox.traffic.special_visits import list_staff

BATCH_ROWS = 10_000
STEP_HOURS = 1  # events arrive up to 47 hours late: longer steps would make some of them too late
TAIL_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackResult:
    """The result of a playback, as the sandbox counted it."""

    sent: int
    accepted: int
    duplicate: int
    rejected: int
    truth: Truth


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
    each body. Days begin at the sandbox's next full hour and are days of traffic, not calendar days. Without live jobs
    nothing is moved: raises ``SandboxRefusedError``.
    """
    began = sandbox.read_clock()
    live_jobs = list_live_jobs(sandbox, live_from_ms=to_ms(began))
    if not live_jobs:
        raise SandboxRefusedError("the sandbox has no live jobs; post a job before you play traffic")
    if plan.staff_rate:
        exclude_staff(sandbox)
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


def list_live_jobs(sandbox: Sandbox, *, live_from_ms: int) -> list[LiveJob]:
    found = sandbox.call("GET", "/sandbox/jobs", key=sandbox.credentials["operator_key"])
    return [
        LiveJob(
            job_id=job["job"],
            live_from_ms=live_from_ms,
            live_until_ms=job["liveUntilMs"],
            market=job["country"],
        )
        for job in found["jobs"]
    ]


def exclude_staff(sandbox: Sandbox) -> None:
    """Registers the customers' own staff with the filters, in the partner's name."""
    parent = sandbox.credentials["parent"]
    form = {"grant_type": "client_credentials"} | {
        name: parent[name] for name in ("client_id", "client_secret")
    }
    token = sandbox.client.post("/oauth/v2/accessToken", data=form).json()["access_token"]
    for visitor in list_staff():
        wanted = {"visitor": visitor, "note": "staff"}
        sandbox.call("POST", "/partner/excludedVisitors", key=token, json=wanted)
