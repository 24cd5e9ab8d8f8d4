"""``jobmeter reports`` as a person runs it, on a server in a process of its own."""

import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from tests.client.numbers.conftest import run


def report(capsys, site, *words, code=0):
    return run(capsys, "reports", *words, "--credentials", site[1], code=code)


def test_reports_of_jobs_are_by_day_by_job_or_by_both(site, capsys):
    today = site[0].now.date()
    days = json.loads(report(capsys, site, "jobs", "--json").out)
    assert len(days) == 30
    assert [(row["day"], row["views"], row["applyClicks"], row["charge"]) for row in days[-2:]] == [
        (str(today - timedelta(days=2)), 1, 3, "4.50"),
        (str(today - timedelta(days=1)), 1, 3, "4.50"),
    ]
    assert [row["isFinal"] for row in days[-3:]] == [True, False, False]
    jobs = json.loads(report(capsys, site, "jobs", "--by", "job", "--json").out)
    assert {row["job"]: (row["charge"], row["currency"]) for row in jobs} == {
        "[red]one[/red]": ("9.00", "USD"),
        "two": ("0.00", "USD"),
    }
    both = json.loads(report(capsys, site, "jobs", "two", "--by", "job-day", "--json").out)
    assert [(row["job"], row["views"]) for row in both] == [("two", 1), ("two", 1)]
    printed = report(capsys, site, "jobs", "--by", "job").out
    assert "[red]one[/red]" in printed
    assert "Pilot [/b]" in printed


def test_reports_are_shown_as_pictures_in_the_terminal_and_in_a_file(site, capsys, tmp_path, monkeypatch):
    printed = report(capsys, site, "jobs", "--plot").out
    assert "▒" in printed
    assert "9.00 USD in total" in printed
    monkeypatch.setenv("NO_COLOR", "1")
    printed = report(capsys, site, "jobs", "--plot", "--measure", "apply-clicks").out
    assert printed.isascii()
    assert "6 apply clicks in total" in printed
    report(capsys, site, "charges", "--svg", tmp_path / "charges.svg")
    root = ET.fromstring((tmp_path / "charges.svg").read_text())
    assert "9.00 USD in total" in root[1].text
    line = report(capsys, site, "jobs", "--svg", tmp_path / "no" / "x.svg", code=1).err
    assert "cannot be written" in line


def test_the_budget_is_that_of_the_parent_and_its_picture_has_an_even_pace(site, capsys):
    shown = json.loads(report(capsys, site, "budget", "--json").out)
    assert shown["spent"] == {"amount": "9.00", "currencyCode": "USD"}
    printed = report(capsys, site, "budget", "--plot").out
    assert "even pace" in printed
    assert "spent 9.00 USD at the end" in printed


def test_charges_are_listed_with_their_cursors(site, capsys):
    rows = json.loads(report(capsys, site, "charges", "--json").out)
    assert {row["amount"] for row in rows} <= {"1.50", "3.00", "4.50"}
    assert sum(float(row["amount"]) for row in rows) == 9
    last = rows[-1]["cursor"]
    assert json.loads(report(capsys, site, "charges", "--json", "--after", last).out) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("jobs", "--month", "2026-11", "--first", "2026-11-02"), "choose days by --month"),
        (("jobs", "--first", "2026-11-02", "--last", "2026-11-01"), "there are no days"),
        (("jobs", "--last", "2099-01-01"), "Today or future"),
    ],
)
def test_days_that_cannot_be_reported_are_refused(site, capsys, words, message):
    assert message in report(capsys, site, *words, code=1).err
