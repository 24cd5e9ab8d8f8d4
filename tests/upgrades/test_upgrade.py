"""A database filled by an earlier release: the upgrade keeps its figures and laws, and work continues."""

import asyncio
import re
import zipfile
from typing import Any

import httpx2
import psycopg
import pytest

from jobmeter.database.migrations_runner import list_migrations
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.integrity.flow import check_laws
from tests.support.sandbox_client import SandboxClient, reopen_sandbox_client
from tests.support.server_process import WHOLE, start_sandbox_server
from tests.support.xml_partner import POSTER, XmlPartner
from tests.upgrades.release import LINKS_BEGIN_WITH, Release, list_releases
from tests.upgrades.schema import describe_schema
from tests.upgrades.story import CLOSED, LIVE, ask

RELEASES = list_releases()

OLDER = [pytest.param(release, marks=pytest.mark.slow) for release in RELEASES[:-1]]

each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
# The server of a release is a process of its own.
each_server = pytest.mark.parametrize(
    "release", [*OLDER, RELEASES[-1]], ids=[release.version for release in RELEASES]
)


@pytest.fixture
def kept_url(empty_database_url: str, release: Release) -> str:
    """The database as the release left it, not yet upgraded."""
    release.load(empty_database_url)
    return empty_database_url


async def list_breaches(database_url: str) -> list[Any]:
    async with (
        Database.opened(database_url, connections_max=1) as database,
        database.transaction() as connection,
    ):
        checks = await check_laws(connection)
    assert sum(check.checked for check in checks) > 100
    return [check for check in checks if check.breaches]


def is_kept(before: Any, after: Any) -> bool:
    """Every part of the earlier response is still there; a response may have gained fields."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            name in after and is_kept(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(is_kept, before, after))
    return bool(before == after)


def work_on(sandbox_client: SandboxClient, release: Release, name: str) -> None:
    """An old job and a new one are clicked, charged, closed and reported."""
    day = sandbox_client.now.date()
    jobs = {LIVE: release.jobs[LIVE], name: sandbox_client.post_job(name)}
    for job_id in jobs.values():
        reply = sandbox_client.send_clicks(job_id, 2, prefix=f"{name}-{job_id}-")
        assert (reply["accepted"], reply["duplicate"], reply["rejected"]) == (2, 0, 0)
    assert sandbox_client.close_job(name)["status"] == 202
    sandbox_client.advance_to_midnight()
    reports = sandbox_client.report_by_ids(*jobs, CLOSED, days=(day, day)).json()["results"]
    charges = {
        job: report["jobPerformanceMetrics"][0]["charge"]["amount"]
        for job, report in reports.items()
        if job in jobs
    }
    # at the price for France four clicks of before (one from a data centre) and two of now; two at the
    # contract's
    assert charges == {LIVE: "5.40", name: "3.00"}
    assert "jobPerformanceMetrics" not in reports[CLOSED]


@each_release
def test_what_was_reported_is_reported_after_the_upgrade(kept_url: str, release: Release) -> None:
    with reopen_sandbox_client(kept_url, release.credentials, base_url=LINKS_BEGIN_WITH) as sandbox_client:
        changed = [
            (question.path, before, after)
            for question, before in release.answers
            if not is_kept(before, after := ask(sandbox_client, question))
        ]
    assert changed == []
    assert asyncio.run(list_breaches(kept_url)) == []


@each_release
def test_work_continues_after_the_upgrade(kept_url: str, release: Release) -> None:
    with reopen_sandbox_client(kept_url, release.credentials) as sandbox_client:
        work_on(sandbox_client, release, "after-upgrade")
        sandbox_client.advance_to_midnight(days=4)
    assert asyncio.run(list_breaches(kept_url)) == []


def list_senders(database_url: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(database_url) as connection:
        return set(connection.execute("SELECT event_key, visitor, address FROM events").fetchall())


def list_days(database_url: str, condition: str) -> list[Any]:
    with psycopg.connect(database_url) as connection:
        statement = "SELECT day FROM event_days LEFT JOIN visitor_salts USING (day) WHERE " + condition
        return [day for (day,) in connection.execute(statement + " ORDER BY day").fetchall()]


@each_release
def test_days_of_before_keep_the_numbers_of_visitors_and_later_days_have_salts(
    kept_url: str, release: Release
) -> None:
    """Otherwise a day that is not settled yet would not recognize a visitor's second click."""
    before = list_senders(kept_url)
    asyncio.run(upgrade_database(kept_url))
    old = list_days(kept_url, "salt IS NULL")
    assert old == list_days(kept_url, "true")
    with reopen_sandbox_client(kept_url, release.credentials) as sandbox_client:
        sandbox_client.advance_to_midnight(days=3)
        sandbox_client.send_clicks(sandbox_client.post_job("salted"), 2, prefix="salted-")
        later = list_days(kept_url, "salt IS NOT NULL")
        assert later
        assert min(later) > max(old)
    assert before <= list_senders(kept_url)
    assert asyncio.run(list_breaches(kept_url)) == []


@each_server
def test_a_server_of_the_release_keeps_running_during_the_schema_upgrade(
    kept_url: str, release: Release, tmp_path
) -> None:
    code, data = tmp_path / "code", tmp_path / "data"
    data.mkdir()
    release.write_credentials(data)
    with (
        start_sandbox_server(kept_url, data, program=WHOLE, **release.unpack(code)) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        sandbox_client = SandboxClient(client, credentials)
        asyncio.run(upgrade_database(kept_url))
        use_credits(sandbox_client, "during-upgrade")
        work_on(sandbox_client, release, "during-upgrade")
    assert asyncio.run(list_breaches(kept_url)) == []
    # one of before the upgrade, and two of the old server after it
    assert list_uses(kept_url) == [
        ("kept-credit", False, 100_000_000, True),
        ("during-upgrade", False, 100_000_000, True),
        ("during-upgrade", True, 100_000_000, True),
    ]


def use_credits(sandbox_client: SandboxClient, name: str) -> None:
    """A job of the XML API is posted and renewed, for a credit each."""
    partner = XmlPartner(sandbox_client)
    assert partner.post(name, partner.credits, poster=POSTER).status_code == 201
    assert partner.renew(name, partner.credits).status_code == 200


def list_uses(database_url: str) -> list[tuple[str, bool, int, bool]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT external_id, is_renewal, price_micros, is_backfilled FROM credit_uses ORDER BY number"
        ).fetchall()


@each_release
def test_credits_used_before_the_upgrade_have_the_price_of_then(kept_url: str, release: Release) -> None:
    """A price that is valid later, or that was set later, is not theirs; the next credit keeps its own."""
    with psycopg.connect(kept_url) as connection:
        connection.execute(
            "INSERT INTO hiring_prices (contract_id, valid_from, price_micros)"
            " SELECT source_id, booked_at + interval '1 microsecond', 70000000"
            " FROM ledger_bookings WHERE purpose = 7"
        )
    with reopen_sandbox_client(kept_url, release.credentials) as sandbox_client:
        use_credits(sandbox_client, "after-upgrade")
    assert list_uses(kept_url) == [
        ("kept-credit", False, 100_000_000, True),
        ("after-upgrade", False, 70_000_000, False),
        ("after-upgrade", True, 70_000_000, False),
    ]
    assert asyncio.run(list_breaches(kept_url)) == []


@each_release
def test_an_upgraded_schema_equals_that_of_a_new_database(
    kept_url: str, database_url: str, release: Release
) -> None:
    asyncio.run(upgrade_database(kept_url))
    described = []
    for url in (kept_url, database_url):
        with psycopg.connect(url) as connection:
            described.append(describe_schema(connection))
    upgraded, new = described
    assert upgraded == new


def normalize(statement: str) -> str:
    """Strips comments, whose wording may be corrected, and line breaks."""
    return " ".join(re.sub(r"--[^\n]*", " ", statement).split())


@each_release
def test_migrations_of_a_release_stay_as_they_were_released(release: Release) -> None:
    with zipfile.ZipFile(release.wheel) as wheel:
        released = {
            name.rpartition("/")[2]: wheel.read(name).decode()
            for name in wheel.namelist()
            if "/migrations/" in name and name.endswith(".sql")
        }
    now = dict(list_migrations())
    assert len(released) > 0
    assert [name for name in now if name in released] == sorted(released)
    assert [name for name, text in released.items() if normalize(text) != normalize(now[name])] == []


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ({"a": 1, "b": [{"c": "x"}]}, {"b": [{"c": "x", "new": 2}], "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {}, False),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, False),
        ({"a": None}, {"a": 0}, False),
        ("<job/>", "<job/>", True),
    ],
)
def test_a_response_that_lost_a_field_is_found(before: Any, after: Any, kept: bool) -> None:
    assert is_kept(before, after) is kept


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX ON job_postings (title)",
        "ALTER TABLE job_postings ALTER COLUMN title DROP NOT NULL",
        "ALTER TABLE job_postings ADD COLUMN extra integer",
        "ALTER TABLE job_budgets ALTER COLUMN spent_micros SET DEFAULT 1",
        "CREATE FUNCTION extra() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_a_schema_that_differs_is_found(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url) as connection:
        before = describe_schema(connection)
        connection.execute(statement)
        assert describe_schema(connection) != before
