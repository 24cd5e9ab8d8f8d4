"""``jobmeter explain ...`` on a database: each command shows the clicks and their reasons."""

import asyncio
import csv
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, final_at
from jobmeter.cli.main import main
from tests.support.scenario import PRICE_MICROS, START, make_clicks, make_event, open_scenario


async def make_history(database_url: str) -> tuple[int, UUID]:
    """A job with two clicks of one visitor, settled. Returns the job and its charge."""
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("explained", budget_micros=20 * PRICE_MICROS)
        clicks = [make_event(job_id, f"c{n}", START + timedelta(seconds=n), visitor="ada") for n in range(2)]
        await scenario.ingest(clicks, START + timedelta(hours=1))
        await scenario.run_due(final_at(day_of(START)))
        ((reference,),) = await scenario.rows("SELECT reference FROM charge_postings")
        return job_id, reference


async def make_busy_day(database_url: str) -> int:
    async with open_scenario(database_url) as scenario:
        job_id = await scenario.post("busy", budget_micros=2_700 * PRICE_MICROS)
        for batch in range(3):
            clicks = make_clicks(job_id, 1_000, START + timedelta(minutes=batch), prefix=f"b{batch}-")
            await scenario.ingest(clicks, START + timedelta(hours=1))
        return job_id


def run(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in ("explain", *words)])
    assert not ended.value.code
    return capsys.readouterr().out


def test_each_command_shows_its_explanation(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    job_id, reference = asyncio.run(make_history(database_url))
    where = ("--database-url", database_url)

    job = run(capsys, "job", job_id, *where)
    day = run(capsys, "day", job_id, day_of(START), *where)
    charge = run(capsys, "charge", reference, *where)
    event = run(capsys, "event", "board", "c1", to_ms(START) + 1_000, *where)

    assert "RESERVE" in job
    assert str(reference) in job
    for printed in (day, charge):
        assert "REVERSED" in printed
        assert "already clicked" in printed
    assert "1 REPEATED_CLICK" in day
    for words, key in (
        (("job", job_id), "days"),
        (("day", job_id, day_of(START)), "figures"),
        (("charge", reference), "corrections"),
        (("event", "board", "c1", to_ms(START) + 1_000), "click"),
    ):
        assert json.loads(run(capsys, *words, "--json", *where))[key]
    assert "REVERSED: the visitor had already clicked on this job that day" in event


def test_every_click_of_a_day_is_written_to_a_file(
    database_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """There is more than a page of clicks, from several batches; the budget pays for a part of the last one."""
    job_id, file = asyncio.run(make_busy_day(database_url)), tmp_path / "clicks.csv"
    printed = run(capsys, "day", job_id, day_of(START), "--csv", file, "--database-url", database_url)
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert "3,000 clicks" in printed
    assert [row["outcome"] for row in rows] == ["CHARGED"] * 2_700 + ["BEYOND_BUDGET"] * 300
    assert len({row["eventKey"] for row in rows}) == 3_000
    assert len({row["charge"] for row in rows[:2_700]}) == 3


def test_an_unknown_job_is_reported_in_one_line(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "job", "256", "--database-url", database_url])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "jobmeter: There is no job 256\n"


def test_nothing_is_truncated_on_a_narrow_screen(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is the input of the next command; at 80 columns it was once cut after five letters."""
    job_id, reference = asyncio.run(make_history(database_url))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    printed = run(capsys, "job", job_id, "--database-url", database_url)
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed
    assert f"reference  {reference}" in printed
