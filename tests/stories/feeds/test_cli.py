"""``jobmeter feeds load``: the jobs of a file go live, and its errors are printed."""

import asyncio
import gzip
import json
from datetime import UTC, datetime

import psycopg
import pytest

from jobmeter.cli.operator.feeds import app
from jobmeter.cli.server import feeds
from jobmeter.database.pool import Database
from jobmeter.partners.applications import flow as partners
from tests.support.feed_documents import serialize_feed, serialize_job, serialize_jobs
from tests.support.paths import FIXTURES

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


async def make_application(url: str) -> int:
    async with Database.opened(url, connections_max=1) as database, database.transaction() as connection:
        made = await partners.create_parent(connection, name="Feeder", now=NOW)
    return made.application.id


def load(url, path, application, **options) -> None:
    feeds.load(path, application=application, progress=True, database_url=url, **options)


def test_a_file_is_loaded_and_its_errors_are_printed(database_url, tmp_path, capsys):
    application = asyncio.run(make_application(database_url))
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed([*serialize_jobs(3), serialize_job("bad", description="short")]))

    load(database_url, path, application)

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM job_postings WHERE state = 'LIVE'").fetchone() == (3,)
    printed = capsys.readouterr().out
    assert "4 jobs in source/job; 3 created" in printed
    assert 'job 3 "Fitter bad" (bad): not taken. job/description has 5 characters' in printed


def test_the_report_of_a_load_is_printed_as_json_alone(database_url, tmp_path, capsys):
    application = asyncio.run(make_application(database_url))
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed([*serialize_jobs(3), serialize_job("bad", description="short")]))
    load(database_url, path, application, json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["lastRun"]["created"], printed["lastRun"]["failed"]) == (3, 1)
    assert [(one["partnerJobId"], one["severity"]) for one in printed["errors"]] == [("bad", "ERROR")]


@pytest.mark.parametrize(
    ("bodies", "codes"),
    [
        ([serialize_feed([serialize_job("bad", description="short")])], [1]),
        ([serialize_feed(serialize_jobs(3))[:-30]], [1]),
        ([serialize_feed(serialize_jobs(3)), serialize_feed([])], [0, 1]),
        ([serialize_feed([])], [0]),
        ([serialize_feed([*serialize_jobs(1), serialize_job("bad", description="short")])], [0]),
        ([b"<source><advert/></source>"], [1]),
    ],
)
def test_the_exit_code_says_whether_the_feed_was_applied(database_url, tmp_path, bodies, codes):
    application = asyncio.run(make_application(database_url))
    path = tmp_path / "feed.xml"
    found = []
    for body in bodies:
        path.write_bytes(body)
        try:
            load(database_url, path, application)
            found.append(0)
        except SystemExit as ended:
            found.append(ended.code)
    assert found == codes


def test_defaults_are_options_of_the_command(database_url, tmp_path, capsys):
    application = asyncio.run(make_application(database_url))
    path = tmp_path / "feed.xml.gz"
    path.write_bytes(gzip.compress((FIXTURES / "feeds" / "systems" / "personio.xml").read_bytes()))
    words = ["load", str(path), "--application", str(application), "--database-url", database_url]
    given = ["--company-name", "Harbour", "--apply-url-pattern", "https://harbour.example/job/{id}"]
    app([*words, *given], result_action="return_value")
    assert "3 created" in capsys.readouterr().out


def test_a_malformed_file_fails_the_command(database_url, tmp_path):
    application = asyncio.run(make_application(database_url))
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed(serialize_jobs(3))[:-30])
    with pytest.raises(SystemExit) as ended:
        load(database_url, path, application)
    assert ended.value.code == 1


def test_an_unknown_application_is_reported(database_url, tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(serialize_feed([]))
    with pytest.raises(ValueError, match="no application 77"):
        load(database_url, path, 77)
