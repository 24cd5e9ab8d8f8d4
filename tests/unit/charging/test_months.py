"""Final days are archived by month for reports: each once, in order, and reports do not depend on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
import pytest

from tests.conftest import TEMPLATE, make_database
from tests.stories.restli.test_operations import money
from tests.support.sandbox_client import SandboxClient, open_sandbox_client

DAY = timedelta(days=1)


def read_days(sandbox_client: SandboxClient, name: str, first: date, last: date) -> list[tuple[int, int]]:
    """Returns day of the month and clicks of each day."""
    (report,) = sandbox_client.report_by_ids(name, days=(first, last)).json()["results"].values()
    found = report.get("jobPerformanceMetrics", [])
    return [(one["date"]["day"], one["applyClickCount"]) for one in found]


def kept(database_url: str) -> tuple[int, date]:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT sum(length(figures)) / 20 FROM job_months), kept_through FROM job_month_keeping"
        ).fetchone()
    assert row is not None
    return int(row[0] or 0), row[1]


@contextmanager
def play_days(database_url: str, count: int) -> Iterator[tuple[SandboxClient, date]]:
    """A job with clicks on days around the end of a month: as many as the day of the month."""
    with open_sandbox_client(database_url) as sandbox_client:
        while sandbox_client.now.day != 25:
            sandbox_client.advance_to_midnight()
        job_id = sandbox_client.post_job("months", budget=money("600.00"))
        first = sandbox_client.now.date()
        for _ in range(count):
            sandbox_client.send_clicks(
                job_id, sandbox_client.now.day, prefix=sandbox_client.now.date().isoformat()
            )
            sandbox_client.advance_to_midnight()
        yield sandbox_client, first


@dataclass(frozen=True)
class Played:
    """Twelve days that several tests read, and none changes."""

    sandbox_client: SandboxClient
    first: date
    database_url: str


@pytest.fixture(scope="module")
def played(cluster_url: str) -> Iterator[Played]:
    for database_url in make_database(cluster_url, TEMPLATE):
        with play_days(database_url, 12) as (sandbox_client, first):
            yield Played(sandbox_client, first, database_url)


def test_days_are_archived_once_they_are_final(played: Played) -> None:
    count, through = kept(played.database_url)
    assert through == played.sandbox_client.now.date() - 3 * DAY
    assert count == 10


def test_reports_show_archived_days_and_others_alike(played: Played) -> None:
    sandbox_client, first = played.sandbox_client, played.first
    days = [first + number * DAY for number in range(12)]
    for start in range(12):
        for end in range(start, min(start + 7, 12)):
            if days[start].month == days[end].month:
                report = read_days(sandbox_client, "months", days[start], days[end])
                assert report == [(day.day, day.day) for day in days[start : end + 1]]
    # across the end of a month, by range
    week = (days[3], days[9])
    (report,) = sandbox_client.report_by_range(week).json()["elements"]
    assert [one["date"]["day"] for one in report["jobPerformanceMetrics"]] == [day.day for day in days[3:10]]
    assert "months" in sandbox_client.report_by_ids("months", days=week[:1] * 2).json()["results"]


@pytest.mark.long
def test_reports_show_what_was_spent_up_to_yesterday(database_url: str) -> None:
    with play_days(database_url, 1) as (sandbox_client, first):
        before = sandbox_client.report_by_ids("months", days=(first, first)).json()
        job_id = before["results"]["months"]["jobPostingInfo"]["linkedInJobPostingId"]
        assert sandbox_client.send_clicks(job_id, 3, prefix="today")["accepted"] == 3
        assert sandbox_client.report_by_ids("months", days=(first, first)).json() == before


@pytest.mark.long
def test_a_budget_report_adds_archived_days_and_others(played: Played) -> None:
    sandbox_client, first = played.sandbox_client, played.first
    with psycopg.connect(played.database_url) as connection:
        kept = connection.execute("SELECT count(*), max(day) FROM contract_days").fetchone()
    assert kept == (10, sandbox_client.now.date() - 3 * DAY)
    clicks = sum((first + number * DAY).day for number in range(12))
    (report,) = sandbox_client.budget().json()["partnerBudgetDetails"]
    assert report["serviceTermBudgetSpent"]["amount"] == f"{clicks * 1.5:.2f}"
