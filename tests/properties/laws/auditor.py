"""Owns the auditor: plain dictionaries that follow a history event by event and predict every figure.

Shares no code with the flows it audits: a change to their behaviour is repeated here, in plain code.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from jobmeter.wire.events import Event

LATE_MS = 48 * 3_600_000
FUTURE_MS = 300_000
RUN = timedelta(days=30)
FINAL = timedelta(days=3)

Name = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected result of one batch."""

    accepted: int
    duplicate: int
    rejected: int
    charged: int


class Auditor:
    """One contract and its jobs. Every verb changes the dictionaries."""

    def __init__(self, limit: int, prices: dict[str, int]) -> None:
        self.limit = limit
        self.available = limit
        self.prices = prices
        self.jobs: dict[int, dict[str, Any]] = {}
        self.names: dict[Name, int] = {}
        self.days: dict[tuple[int, date], Counter[str]] = {}
        self.stored: set[tuple[int, int, str]] = set()
        self.credited: dict[str, int] = {}

    # -- the contract and its jobs

    def credit(self, reference: str, amount: int) -> str:
        """One reference is one top-up, however often it is requested; with another amount it is refused."""
        if reference in self.credited:
            return "known" if self.credited[reference] == amount else "REFERENCE_REUSED"
        self.credited[reference] = amount
        self.limit += amount
        self.available += amount
        return "new"

    def expect_post(self, name: Name, place: str, budget: int) -> str:
        if budget < self.prices[place]:
            return "JOB_BUDGET_BELOW_PRICE"
        if name in self.names:
            return "repeated"
        return "CONTRACT_BUDGET_LOW" if budget > self.available else "posted"

    def post(self, name: Name, job_id: int, place: str, budget: int, now: datetime) -> None:
        self.available -= budget
        self.names[name] = job_id
        ends = to_ms(now + RUN)
        self.jobs[job_id] = {
            "state": "PENDING",
            "price": self.prices[place],
            "budget": budget,
            "spent": 0,
            "released": 0,
            "from": ends,
            "until": ends,
        }

    def can_close(self, name: Name) -> bool:
        return name in self.names and self.jobs[self.names[name]]["state"] in {"PENDING", "LIVE"}

    def close(self, job_id: int, state: str, at_ms: int) -> None:
        job = self.jobs[job_id]
        left = job["budget"] - job["spent"]
        job.update(state=state, released=left, until=min(job["until"], at_ms))
        self.available += left

    def affordable(self, job_id: int) -> int:
        job = self.jobs[job_id]
        return (job["budget"] - job["spent"] - job["released"]) // job["price"]

    # -- the passing of time

    def run_due(self, now: datetime) -> None:
        for job_id, job in self.jobs.items():
            if job["state"] == "PENDING":
                job.update({"state": "LIVE", "from": to_ms(now)})
            if job["state"] == "LIVE" and job["until"] <= to_ms(now):
                self.close(job_id, "EXPIRED", job["until"])

    # -- events

    def ingest(self, events: list[Event], now: datetime) -> Expected:
        new: list[tuple[Event, str]] = []
        rejected = 0
        for event in events:
            verdict = self._judge(event, to_ms(now))
            rejected += verdict != "counts"
            key = (event.job % 256, event.time, event.id)
            if verdict != "not kept" and key not in self.stored:
                self.stored.add(key)
                new.append((event, verdict))
        counts = Counter((event.job, day_of(event.time), _column(event, verdict)) for event, verdict in new)
        accepted = sum(verdict == "counts" for _, verdict in new)
        return Expected(accepted, len(events) - rejected - accepted, rejected, self._charge(counts))

    def _judge(self, event: Event, now_ms: int) -> str:
        job = self.jobs.get(event.job)
        if job is None or not now_ms - LATE_MS < event.time <= now_ms + FUTURE_MS:
            return "not kept"
        if not job["from"] <= event.time < job["until"] or event.user_agent is not None:
            return "refused"
        return "counts"

    def _charge(self, counts: Counter[tuple[int, date, str]]) -> int:
        """Spends day after day, until the rest pays for less than one click."""
        total = 0
        for job_id, day in sorted({(job_id, day) for job_id, day, _ in counts}):
            figures = self.days.setdefault((job_id, day), Counter())
            for column in ("views", "clicks", "refused"):
                figures[column] += counts[job_id, day, column]
            charged = min(counts[job_id, day, "clicks"], self.affordable(job_id))
            figures["charged"] += charged
            self.jobs[job_id]["spent"] += charged * self.jobs[job_id]["price"]
            total += charged
        return total


def _column(event: Event, verdict: str) -> str:
    """Refused views are stored but counted nowhere."""
    if verdict == "refused":
        return "refused" if event.type == "applyClick" else "refused views"
    return "clicks" if event.type == "applyClick" else "views"


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def day_of(time_ms: int) -> date:
    return datetime.fromtimestamp(time_ms // 1_000, UTC).date()
