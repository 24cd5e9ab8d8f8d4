"""Filters and settlement rules on the generator's truth: what each took, of what it should have taken."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.days import DAY_MS
from jobmeter.cli.main import main
from jobmeter.metering.filters.flow import exclude
from jobmeter.metering.intake.model import find_visitor
from jobmeter.sandbox.traffic.generator import generate_day
from jobmeter.sandbox.traffic.ground_truth import Label, Truth, write_truth
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.score import EVERYTHING, EvaluatedClick, evaluate_traffic, score
from jobmeter.sandbox.traffic.special_visits import list_staff
from jobmeter.sandbox_controls.model import Score
from tests.properties.laws.test_replay import AFTER, MIDNIGHT, cut, ingest_all
from tests.support.scenario import PRICE_MICROS, Scenario, open_scenario

JOBS, DAYS = 60, 4
INTAKE = ("TOO_OLD", "JOB_NOT_LIVE", "CRAWLER", "OUTSIDE_MARKET", "EXCLUDED_VISITOR")
BY_DEFINITION = (*INTAKE, "REPEATED_CLICK")
PLAN = TrafficPlan(
    seed=11,
    views_per_job_day=60,
    apply_rate=0.3,
    bot_rate=0.2,
    too_late_rate=0.002,
    elsewhere_rate=0.05,
    staff_rate=0.03,
    declared_crawler_rate=0.04,
)


async def play(scenario: Scenario) -> Truth:
    """All kinds of traffic on more jobs than a burst clicks on, one of which closes along the way; then settled."""
    job_ids = [await scenario.post(f"job-{n}", budget_micros=100 * PRICE_MICROS) for n in range(JOBS)]
    first, closes = to_ms(MIDNIGHT), MIDNIGHT + timedelta(days=2)
    jobs = [
        LiveJob(job_id=job_id, live_from_ms=first, live_until_ms=first + 30 * DAY_MS, market="FR")
        for job_id in job_ids
    ]
    jobs[0] = LiveJob(
        job_id=job_ids[0], live_from_ms=first, live_until_ms=to_ms(closes), popularity=9.0, market="FR"
    )
    for visitor in list_staff():
        async with scenario.database.transaction() as connection:
            await exclude(
                connection,
                application=scenario.parent,
                is_address=False,
                subject=find_visitor(visitor),
                note="staff",
                now=MIDNIGHT,
            )
    made = [generate_day(jobs, first + day * DAY_MS, PLAN) for day in range(DAYS)]
    stream = sorted((one for day, _ in made for one in day), key=lambda one: one.deliver_at_ms)
    before = [batch for batch in cut(stream, 2_000) if batch.at < closes]
    await ingest_all(scenario, before, is_settling=True)
    await scenario.close(scenario.customers[0], "job-0", closes)
    await scenario.open_day(closes)
    await ingest_all(
        scenario, [batch for batch in cut(stream, 2_000) if batch.at >= closes], is_settling=True
    )
    await scenario.run_due(AFTER + timedelta(days=3))
    return Truth(tuple(truth for _, truth in made))


async def play_and_score(database_url: str, path: Path) -> list[Score]:
    async with open_scenario(database_url) as scenario:
        truth = await play(scenario)
        write_truth(path, truth)
        labels = {event_id: label for day in truth.days for event_id, label in day.labels.items()}
        async with scenario.database.connection() as connection:
            return score(await evaluate_traffic(connection, labels))


@pytest.mark.long
def test_precision_and_recall_on_the_truth(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {
        found.name: found for found in asyncio.run(play_and_score(database_url, tmp_path / "truth.jsonl"))
    }

    # what the event itself defines is found, and nothing else
    for name in BY_DEFINITION:
        assert (scores[name].precision, scores[name].recall) == (1.0, 1.0), scores[name]
        assert scores[name].real > 10, scores[name]
    # undeclared robots are guessed: no genuine candidate is affected, and most robots are found
    assert scores["VISITOR_BURST"].precision == 1.0
    assert scores["VISITOR_BURST"].recall > 0.9
    assert scores[EVERYTHING].precision == 1.0
    assert scores[EVERYTHING].recall > 0.95
    assert set(scores) == {
        *BY_DEFINITION,
        "VISITOR_BURST",
        EVERYTHING,
    }

    # and the command reports the same for the file
    with pytest.raises(SystemExit):
        main(["traffic", "score", str(tmp_path / "truth.jsonl"), "--database-url", database_url])
    printed = capsys.readouterr().out
    assert f"{scores['VISITOR_BURST'].recall:.4f}" in printed
    assert f"{scores['CRAWLER'].taken:,}" in printed


def test_a_score_counts_what_was_taken_wrongly_and_what_was_missed() -> None:
    evaluated = [
        EvaluatedClick(True, Label.DOUBLE_CLICK, "REPEATED_CLICK"),
        EvaluatedClick(True, Label.DOUBLE_CLICK, None),
        EvaluatedClick(True, Label.GENUINE, "REPEATED_CLICK"),
        EvaluatedClick(True, Label.LATE, None),
        EvaluatedClick(False, Label.CRAWLER, "CRAWLER"),
        EvaluatedClick(True, Label.GENUINE, "ADDRESS_BURST"),
    ]
    found = {one.name: one for one in score(evaluated)}
    assert found["REPEATED_CLICK"] == Score(name="REPEATED_CLICK", taken=2, rightly=1, real=2)
    assert found["CRAWLER"] == Score(name="CRAWLER", taken=1, rightly=1, real=1)
    assert (found["ADDRESS_BURST"].precision, found["ADDRESS_BURST"].recall) == (0.0, None)
    assert found[EVERYTHING] == Score(name=EVERYTHING, taken=3, rightly=1, real=2)
    assert found["TOO_OLD"].precision is None


def test_a_file_that_is_not_a_truth_file_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text('{"kind": "event"}\n')
    with pytest.raises(SystemExit) as ended:
        main(["traffic", "score", str(wrong), "--database-url", "postgresql://nowhere"])
    assert ended.value.code == 1
    assert "is not a file that --truth has written" in capsys.readouterr().err
