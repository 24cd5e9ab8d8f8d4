"""Tests that the ground truth is true: it agrees with the events, and its file with both."""

from collections import Counter

import msgspec
import pytest

from jobmeter.sandbox.traffic.generator import generate_day
from jobmeter.sandbox.traffic.ground_truth import (
    APPLY_CLICK,
    DAY_MS,
    Cell,
    Label,
    Truth,
    day_of_ms,
    write_truth,
)
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan

DAY_START_MS = 20_760 * DAY_MS
JOBS = [
    LiveJob(
        job_id=70_000 + n,
        live_from_ms=DAY_START_MS - DAY_MS,
        live_until_ms=DAY_START_MS + (n % 5) * DAY_MS // 2 + 1,
        market="DE",
    )
    for n in range(60)
]
PLAN = TrafficPlan(
    seed=8,
    views_per_job_day=80.0,
    too_late_rate=0.01,
    bot_rate=0.2,
    after_close_rate=0.2,
    elsewhere_rate=0.05,
    staff_rate=0.05,
    declared_crawler_rate=0.05,
)


@pytest.fixture(scope="module")
def days():
    return [generate_day(JOBS, DAY_START_MS + n * DAY_MS, PLAN) for n in range(2)]


def test_every_event_has_a_label_and_every_label_an_event(days):
    for deliveries, truth in days:
        assert {delivery.event.id for delivery in deliveries} == truth.labels.keys()
        assert set(truth.labels.values()) == set(Label) - {Label.REPEATED}


def test_counts_agree_with_the_events(days):
    for deliveries, truth in days:
        # when
        counts, seen = Counter(), set()
        for delivery in deliveries:
            event = delivery.event
            label = Label.REPEATED if event.id in seen else truth.labels[event.id]
            seen.add(event.id)
            counts[Cell(event.job_id, event.type, label)] += 1
        # then
        assert counts == truth.counts
        assert truth.day == day_of_ms(deliveries[0].event.time_ms)


def test_totals_add_up_over_jobs_and_days(days):
    # given
    truth = Truth(tuple(day for _, day in days))
    # when
    totals = truth.totals()
    # then
    assert sum(totals.values()) == sum(len(deliveries) for deliveries, _ in days)
    robots = sum(list(day.labels.values()).count(Label.ROBOTIC) for day in truth.days)
    assert totals[APPLY_CLICK, Label.ROBOTIC] == robots


def test_the_truth_file_is_complete(days, tmp_path):
    # given
    truth = Truth(tuple(day for _, day in days))
    # when
    write_truth(tmp_path / "truth.jsonl", truth)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "truth.jsonl").read_bytes().splitlines()]
    # then
    summary, *rest = lines
    assert summary["kind"] == "summary"
    assert summary["days"] == [day.day.isoformat() for day in truth.days]
    assert {(t["type"], t["label"]): t["events"] for t in summary["totals"]} == truth.totals()
    assert {line["id"]: line["label"] for line in rest if line["kind"] == "event"} == {
        event_id: label for day in truth.days for event_id, label in day.labels.items()
    }
    counts = {
        (line["day"], line["job"], line["type"], line["label"]): line["events"]
        for line in rest
        if line["kind"] == "count"
    }
    assert counts == {
        (day.day.isoformat(), *cell): events for day in truth.days for cell, events in day.counts.items()
    }
