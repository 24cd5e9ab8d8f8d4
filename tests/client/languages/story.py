"""Owns the story that every client plays, from the token to the final report: what a client must do, and what must come of it.

Does not own how a client does it (``clients``). Between its steps, candidates view and click, and the sandbox's clock moves.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from tests.support.sandbox_client import SandboxClient, make_event

PRICE_MICROS = 1_500_000
CUSTOMER = "harbour"


@dataclass(frozen=True)
class Question:
    """Which reports are asked for."""

    child: dict[str, str]
    ids: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True)
class Figures:
    """What a client's reports say, in the same form for each client: rows of job, day, views, clicks and amount."""

    by_ids: list[tuple[str, str, int, int, str]]
    by_days: list[tuple[str, str, int, int, str]]
    spent: str
    limit: str


class StoryClient(Protocol):
    """A client of the parent application of a sandbox."""

    def post(self, elements: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, int]]:
        """Creates a customer with its contract and posts its jobs; returns its credentials, and the ids of the jobs."""

    def report(self, question: Question) -> Figures: ...

    def close(self, child: dict[str, str], element: dict[str, Any]) -> tuple[str, str]:
        """Closes a job; returns the status of the task and whether the job is listed."""


def make_element(name: str, listed_at: int) -> dict[str, Any]:
    return {
        "externalJobPostingId": name,
        "jobPostingOperationType": "CREATE",
        "title": f"Pilot {name} é☺",
        "description": f"You bring ships into the harbour and out again. {name} " * 4,
        "companyApplyUrl": "https://careers.example.com/pilot",
        "companyName": "Harbour Logistics",
        "listedAt": listed_at,
        "location": "Rotterdam, Netherlands",
        "posterEmail": "recruiter@example.com",
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    }


def name_jobs(count: int) -> tuple[str, ...]:
    """The last one has every character that the protocol escapes."""
    return (*(f"pilot-{number:02}" for number in range(count - 1)), "weird,(id):'x' é")


def play(client: StoryClient, sandbox_client: SandboxClient, *, jobs: int) -> Question:
    """Plays the story on two days of two months, so that reports by ids are two requests; returns the last question."""
    month = (sandbox_client.now.replace(day=1) + timedelta(days=62)).replace(day=1)
    sandbox_client.set_clock(month.replace(hour=9) - timedelta(days=1))
    ids = name_jobs(jobs)
    elements = [make_element(name, sandbox_client.now_ms - 1_000) for name in ids]
    child, posted = client.post(elements)
    assert sorted(posted) == sorted(ids)
    assert len({*posted.values()}) == jobs
    first = sandbox_client.now.date()
    for day in ("first", "second"):
        _click(sandbox_client, [posted[name] for name in ids], day)
        sandbox_client.advance("1d")
    question = Question(child, ids, first, first + timedelta(days=1))
    check(client.report(question), question)
    assert client.close(child, elements[0] | {"jobPostingOperationType": "CLOSE"}) == (
        "SUCCEEDED",
        "NOT_LISTED",
    )
    return question


def clicks_of(number: int) -> int:
    return number % 3


def _click(sandbox_client: SandboxClient, job_ids: list[int], day: str) -> None:
    at = sandbox_client.now_ms
    events = [make_event(job_id, f"{day}-{job_id}", at) for job_id in job_ids]
    events += [
        make_event(job_id, f"{day}-{job_id}-{count}", at + count, type="applyClick")
        for number, job_id in enumerate(job_ids)
        for count in range(clicks_of(number))
    ]
    assert sandbox_client.send(events).json()["rejected"] == 0


def check(figures: Figures, question: Question) -> None:
    """Each job has both of its days, once."""
    expected = [
        (name, day.isoformat(), 1, clicks_of(number), write_amount(clicks_of(number)))
        for number, name in enumerate(question.ids)
        for day in (question.first, question.last)
    ]
    assert figures.by_ids == expected
    assert sorted(figures.by_days) == sorted(expected)
    clicks = sum(row[3] for row in expected)
    assert (figures.spent, figures.limit) == (write_amount(clicks), "1000000.00")


def write_amount(clicks: int) -> str:
    return f"{clicks * PRICE_MICROS / 1_000_000:.2f}"
