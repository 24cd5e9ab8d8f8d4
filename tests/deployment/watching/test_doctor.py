"""``jobmeter doctor`` and ``jobmeter settings``: each thing that is wrong is named with what to do, and nothing is changed."""

import asyncio
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import SECRET_SETTINGS, Settings, variable_of
from jobmeter.cli.main import main
from jobmeter.database.pool import Database
from jobmeter.operations.doctor import Grade, examine_database, examine_health
from jobmeter.operations.model import DatabaseFacts
from jobmeter.reports.health.model import DatabaseState, Health, Progress, QueueLength
from jobmeter.upkeep.model import ChoreRun
from jobmeter.worker import chore_log, chores

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
FACTS = DatabaseFacts(server_time=NOW, lost_by=(), last_migration="0050", keeps_tenants_apart=True)
HEALTH = Health(
    database=DatabaseState(
        version="18.4",
        byte_count=1,
        connections=5,
        connections_max=100,
        last_migration="0050",
        archive_bytes=0,
    ),
    progress=Progress(days_due=0, first_day_due=None, ledger_number=3),
    queues=(QueueLength(name="TASKS", waiting=1, oldest_at=NOW),),
    chores=(ChoreRun(name="settle days", ran_at=NOW, worked_at=None, failed_at=None),),
    partitions=(),
)
KEYS = {"EVENTS_KEY": "e" * 32, "OPERATOR_KEY": "o" * 32, "SECRET_KEY": "s" * 32}
GOOD = KEYS | {"BASE_URL": "https://jobs.example.com", "SMTP_URL": "smtps://mail.example.com"}


def wrong(findings):
    return {one.subject: one.grade for one in findings if one.grade is not Grade.GOOD}


def test_an_installation_in_order_is_good():
    assert wrong(examine_database(FACTS, now=NOW, newest_migration="0050")) == {}
    assert wrong(examine_health(HEALTH, Settings(), now=NOW)) == {}


@pytest.mark.parametrize(
    ("changed", "subject", "grade"),
    [
        ({"lost_by": ("fsync",)}, "durability", Grade.BAD),
        ({"last_migration": "0049"}, "schema", Grade.BAD),
        ({"last_migration": ""}, "schema", Grade.BAD),
        ({"keeps_tenants_apart": False}, "tenants", Grade.WARNING),
        ({"server_time": NOW + timedelta(seconds=3)}, "clocks", Grade.WARNING),
        ({"server_time": NOW - timedelta(seconds=3)}, "clocks", Grade.WARNING),
    ],
)
def test_what_is_wrong_with_a_database_is_found(changed, subject, grade):
    assert wrong(examine_database(replace(FACTS, **changed), now=NOW, newest_migration="0050")) == {
        subject: grade
    }


@pytest.mark.parametrize(
    ("changed", "subject", "grade"),
    [
        ({"chores": ()}, "background work", Grade.BAD),
        ({"chores": (replace(HEALTH.chores[0], ran_at=NOW - timedelta(hours=1)),)}, "background work", Grade.BAD),
        ({"progress": replace(HEALTH.progress, days_due=2, first_day_due=NOW.date() - timedelta(days=5))}, "settlement", Grade.BAD),
        ({"queues": (replace(HEALTH.queues[0], oldest_at=NOW - timedelta(hours=1)),)}, "queues", Grade.WARNING),
        ({"database": replace(HEALTH.database, connections=95)}, "connections", Grade.WARNING),
        ({"database": replace(HEALTH.database, archive_bytes=None)}, "archive", Grade.WARNING),
        ({"database": replace(HEALTH.database, archive_bytes=2_000_000_000)}, "archive", Grade.WARNING),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_work_is_found(changed, subject, grade):
    findings = examine_health(replace(HEALTH, **changed), Settings(), now=NOW)
    assert wrong(findings) == {subject: grade}
    assert all(one.remedy for one in findings if one.grade is not Grade.GOOD)


@pytest.fixture
def environment(monkeypatch):
    for one in fields(Settings):
        monkeypatch.delenv(variable_of(one.name), raising=False)

    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"JOBMETER_{name}", value)

    return set_all


def examine(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *arguments, "--json"])
    assert (ended.value.code or 0) == code
    found = json.loads(capsys.readouterr().out)["findings"]
    return {one["subject"]: one["grade"] for one in found if one["grade"] != "good"}


async def run_chores(database_url):
    async with Database.opened(database_url, connections_max=2) as database:
        await chores.run_due(database, Settings(), now=read_machine_clock())
        await chore_log.save_runs(database)


def test_a_whole_installation(database_url, capsys, environment):
    environment(**GOOD)
    asyncio.run(run_chores(database_url))
    # The tests' database is not durable, so that they are quick.
    lost = {"durability": "bad", "archive": "warning"}
    assert examine(capsys, "--database-url", database_url, code=1) == lost
    environment(BASE_URL="http://jobs.example.com", SMTP_URL="", EVENTS_KEY="", NO_SUCH_SETTING="1")
    found = examine(capsys, "--database-url", database_url, code=1)
    assert found == lost | dict.fromkeys(("address", "mail", "keys", "settings"), "warning")


def test_a_database_without_a_schema_is_left_without_one(empty_database_url, capsys, environment):
    environment(**GOOD)
    assert examine(capsys, "--database-url", empty_database_url, code=1)["schema"] == "bad"
    with psycopg.connect(empty_database_url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == 0


@pytest.mark.parametrize(
    ("values", "arguments", "subject"),
    [
        ({"SECRET_KEY": "short"}, (), "settings"),
        ({}, ("--database-url", "postgresql://nobody@127.0.0.1:1/none"), "database"),
    ],
)
def test_what_cannot_be_looked_at_is_a_finding(capsys, environment, tmp_path, values, arguments, subject):
    environment(**GOOD | values)
    assert examine(capsys, *(arguments or ("--data", str(tmp_path))), code=1)[subject] == "bad"


def test_settings_are_printed_with_their_origin_and_secrets_are_not(capsys, environment):
    environment(**GOOD, REPORT_SECONDS_MAX="7", REPORT_SECOND_MAX="7")
    with pytest.raises(SystemExit):
        main(["settings", "--json"])
    printed = capsys.readouterr().out
    found = {one["variable"]: one for one in json.loads(printed)["settings"]}
    assert found["JOBMETER_REPORT_SECONDS_MAX"]["value"] == "7"
    assert found["JOBMETER_REPORT_SECONDS_MAX"]["from"] == "environment"
    assert found["JOBMETER_FINAL_AFTER_DAYS"]["from"] == "default"
    assert json.loads(printed)["unknown"] == {"JOBMETER_REPORT_SECOND_MAX": "JOBMETER_REPORT_SECONDS_MAX"}
    assert not any(value in printed for value in (*KEYS.values(), GOOD["SMTP_URL"]))
    for name in SECRET_SETTINGS:
        assert found[variable_of(name)]["value"] in {"***", None}
