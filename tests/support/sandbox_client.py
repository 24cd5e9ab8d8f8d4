"""Owns the actions of end-to-end tests: what a partner, a job board and an operator do over HTTP.

Does not own any expectation. Uses only the HTTP interface.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg

from jobmeter.app import create_app
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.support.quick_client import QuickClient

VERSION = "202504"
PATIENCE_SECONDS = 20
CHORE_INTERVAL_MS = 500  # at 200, the looks for background work were a third of the processor time of a story


@dataclass(frozen=True)
class SandboxClient:
    """A running sandbox. ``credentials`` is the content of its credentials file."""

    client: QuickClient
    credentials: dict[str, Any]

    # -- time

    @property
    def now(self) -> datetime:
        shown = self.client.get("/sandbox/clock", headers=bearer(self.credentials["operator_key"]))
        return datetime.fromisoformat(shown.json()["now"])

    @property
    def now_ms(self) -> int:
        return self.client.get("/sandbox/clock", headers=bearer(self.credentials["operator_key"])).json()[
            "nowMs"
        ]

    def advance(self, span: str) -> datetime:
        return self._move({"advance": span})

    def set_clock(self, moment: datetime) -> datetime:
        return self._move({"set": moment.isoformat()})

    def advance_to_midnight(self, days: int = 1) -> datetime:
        """Moves the clock to just after midnight UTC, ``days`` midnights from now."""
        midnight = datetime.combine(self.now.date() + timedelta(days=days), datetime.min.time(), UTC)
        return self.set_clock(midnight + timedelta(seconds=1))

    def _move(self, body: dict[str, str]) -> datetime:
        answer = self.client.post(
            "/sandbox/clock", json=body, headers=bearer(self.credentials["operator_key"])
        )
        assert answer.status_code == 200, answer.text
        return datetime.fromisoformat(answer.json()["now"])

    # -- the partner

    def token(self, who: str = "child", **changed: str) -> str:
        keys = self.credentials[who]
        form = {
            "grant_type": "client_credentials",
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
        }
        answer = self.client.post("/oauth/v2/accessToken", data=form | changed)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def headers(self, who: str = "child", **more: str) -> dict[str, str]:
        return {
            "LinkedIn-Version": VERSION,
            "X-RestLi-Protocol-Version": "2.0.0",
            **bearer(self.token(who)),
            **more,
        }

    def job_element(self, external_id: str, **changed: Any) -> dict[str, Any]:
        """Returns a valid P4P element; ``changed`` replaces fields, ``None`` omits one."""
        element = {
            "externalJobPostingId": external_id,
            "jobPostingOperationType": "CREATE",
            "title": f"Fitter {external_id}",
            "description": f"A fitter repairs what broke. {external_id} " * 8,
            "companyApplyUrl": "https://careers.example.com/apply",
            "listedAt": self.now_ms - 1_000,
            "location": "Leeds, England, United Kingdom",
            "companyName": "Harbour Logistics",
            "contract": f"urn:li:contract:{self.credentials['customer_contract_id']}",
            "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
        } | changed
        return {field: value for field, value in element.items() if value is not None}

    def batch_create(self, elements: list[Any], who: str = "child", **headers: str) -> list[dict[str, Any]]:
        answer = self.client.post(
            "/rest/simpleJobPostings",
            headers=self.headers(who, **{"X-RestLi-Method": "batch_create"}, **headers),
            json={"elements": elements},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["elements"]

    def task(self, urn: str, who: str = "child") -> dict[str, Any]:
        """Waits until the task is no longer in progress and returns it."""
        headers = self.headers(who)
        for _ in range(PATIENCE_SECONDS * 50):
            answer = self.client.get(
                f"/rest/simpleJobPostingTasks?ids=List({quote(urn, safe='')})", headers=headers
            )
            found = answer.json()["results"][urn]
            if found["status"] != "IN_PROGRESS":
                return found
            time.sleep(0.02)
        raise AssertionError(f"{urn} is still in progress")

    def post_job(self, external_id: str, who: str = "child", **changed: Any) -> int:
        """Posts one job, waits until it is live and returns its posting id."""
        (row,) = self.batch_create([self.job_element(external_id, **changed)], who)
        assert row["status"] == 202, row
        found = self.task(row["id"], who)
        assert found["status"] == "SUCCEEDED", found
        return int(found["jobPosting"].rsplit(":", 1)[-1])

    def close_job(self, external_id: str, who: str = "child") -> dict[str, Any]:
        (row,) = self.batch_create([self.job_element(external_id, jobPostingOperationType="CLOSE")], who)
        return row

    # -- the reports

    def report_by_ids(self, *ids: str, days: tuple[date, date], who: str = "child", more: str = "") -> Any:
        wanted = ",".join(quote(one, safe="") for one in ids)
        return self.client.get(
            f"/rest/partnerJobReports?ids=List({wanted})&dateRange={range_text(*days)}{more}",
            headers=self.headers(who),
        )

    def report_by_range(self, days: tuple[date, date], who: str = "child", more: str = "") -> Any:
        return self.client.get(
            f"/rest/partnerJobReports?q=dateRange&dateRange={range_text(*days)}{more}",
            headers=self.headers(who),
        )

    def budget(self, who: str = "parent", contract_id: int | None = None) -> Any:
        wanted = contract_id or self.credentials["partner_contract_id"]
        return self.client.get(
            f"/rest/partnerBudgetReports?partnerContractId={wanted}", headers=self.headers(who)
        )

    # -- the job board

    def send(self, events: Any, **changed: Any) -> Any:
        headers = bearer(self.credentials["events_key"]) | changed.pop("headers", {})
        if isinstance(events, bytes):
            return self.client.post("/events", content=events, headers=headers, **changed)
        return self.client.post("/events", json=events, headers=headers, **changed)

    def send_clicks(self, job_id: int, count: int, *, prefix: str = "c", time_ms: int | None = None) -> Any:
        """Sends ``count`` apply clicks, each of another visitor; returns the response body."""
        at = self.now_ms if time_ms is None else time_ms
        events = [make_event(job_id, f"{prefix}{n}", at + n, type="applyClick") for n in range(count)]
        answer = self.send(events)
        assert answer.status_code == 200, answer.text
        return answer.json()


def make_event(job_id: int, event_id: str, time_ms: int, **changed: Any) -> dict[str, Any]:
    event = {
        "source": "board",
        "id": event_id,
        "type": "view",
        "job": job_id,
        "time": time_ms,
        "visitor": f"visitor {event_id}",
    } | changed
    return {field: value for field, value in event.items() if value is not None}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def range_text(first: date, last: date) -> str:
    parts = [f"(year:{day.year},month:{day.month},day:{day.day})" for day in (first, last)]
    return f"(start:{parts[0]},end:{parts[1]})"


@contextmanager
def open_sandbox_client(database_url: str, /, **settings: Any) -> Iterator[SandboxClient]:
    """Creates a partner in the database and starts a sandbox; ``settings`` override a sandbox's defaults."""
    keys = seed.make_keys()
    credentials = asyncio.run(_make_partner(database_url, read_machine_clock(), keys["secret_key"])) | keys
    with reopen_sandbox_client(database_url, credentials, **settings) as client:
        yield client


@contextmanager
def reopen_sandbox_client(
    database_url: str, credentials: dict[str, Any], /, **settings: Any
) -> Iterator[SandboxClient]:
    """Starts a sandbox on an existing database with known ``credentials``; ``settings`` override the defaults."""
    keys = {name: credentials[name] for name in seed.make_keys()}
    chosen = Settings(
        **(
            {"database_url": database_url, "sandbox": True, "chore_interval_ms": CHORE_INTERVAL_MS}
            | keys
            | settings
        )
    )
    with QuickClient(create_app(chosen), base_url="http://board.example") as client:
        yield SandboxClient(client, credentials)


def skip_to(sandbox_client: SandboxClient, database_url: str, day: date) -> None:
    """Begins the sandbox just after the midnight of a later day. Nothing has happened in it, so the days between are not lived."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    offset = midnight - timedelta(hours=1) - read_machine_clock()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO sandbox_clock (offset_ms) VALUES (%(ms)s) ON CONFLICT (only_one) DO UPDATE SET offset_ms = %(ms)s",
            {"ms": offset // timedelta(milliseconds=1)},
        )
    sandbox_client.set_clock(midnight + timedelta(seconds=1))


def add_partner(sandbox_client: SandboxClient, database_url: str) -> SandboxClient:
    """Creates another partner with its own customer in the same installation."""
    credentials = asyncio.run(_make_partner(database_url, sandbox_client.now))
    return replace(sandbox_client, credentials=sandbox_client.credentials | credentials)


async def _make_partner(database_url: str, now: datetime, secret_key: str = "") -> dict[str, Any]:
    async with Database.opened(database_url, connections_max=2) as database:
        return await seed.make_partner(database, now=now, secret_key=secret_key)
