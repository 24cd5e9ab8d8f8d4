"""Tests that generated traffic follows its plan: repeatable, with the planned shares and shapes."""

import random
from collections import Counter, defaultdict
from dataclasses import replace

import crawleruseragents
import numpy as np
import pytest

from jobmeter.base.days import DAY_MS
from jobmeter.sandbox.traffic.generator import (
    BROWSER_AGENTS,
    CRAWLER_AGENTS,
    HOUR_MS,
    POPULARITY_EXPONENT,
    generate_day,
    sample_popularity,
)
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, VIEW, Label, day_of_ms
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan

TUESDAY_MS = 20_760 * DAY_MS
JOBS = [
    LiveJob(
        job_id=4_000_000_000 + 256 * n,
        live_from_ms=TUESDAY_MS - DAY_MS,
        live_until_ms=TUESDAY_MS + 30 * DAY_MS,
    )
    for n in range(80)
]
PLAN = TrafficPlan(seed=11, views_per_job_day=120.0)
EVEN_JOBS = [replace(job, popularity=1.0) for job in JOBS]


def read_labelled(jobs, plan, day_start_ms=TUESDAY_MS):
    """Distinct events by label, in the order of their time."""
    deliveries, truth = generate_day(jobs, day_start_ms, plan)
    events = {delivery.event.id: delivery.event for delivery in deliveries}
    labelled = defaultdict(list)
    for event in sorted(events.values(), key=lambda event: event.time_ms):
        labelled[truth.labels[event.id]].append(event)
    return labelled


def test_tuesday_is_a_tuesday():
    assert day_of_ms(TUESDAY_MS).strftime("%A") == "Tuesday"


def test_same_seed_and_day_give_the_same_events_in_any_order_of_the_jobs():
    # given
    shuffled = random.Random(5).sample(JOBS, len(JOBS))
    # when
    once = generate_day(JOBS, TUESDAY_MS, PLAN)
    again = generate_day(shuffled, TUESDAY_MS, PLAN)
    # then
    assert once == again
    assert len(once[0]) > 1000


def test_a_day_does_not_depend_on_the_days_generated_before_it():
    # given
    alone = generate_day(JOBS, TUESDAY_MS + DAY_MS, PLAN)
    # when
    backwards = {n: generate_day(JOBS, TUESDAY_MS + n * DAY_MS, PLAN) for n in (2, 0, 1)}
    # then
    assert backwards[1] == alone
    assert backwards[0] != backwards[2]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((TUESDAY_MS + DAY_MS, PLAN), id="another day"),
        pytest.param((TUESDAY_MS, replace(PLAN, seed=12)), id="another seed"),
    ],
)
def test_ids_and_visitors_are_never_shared(other):
    # when
    _, here = generate_day(JOBS, TUESDAY_MS, replace(PLAN, crawler_rate=0.0))
    there_deliveries, there = generate_day(JOBS, other[0], replace(other[1], crawler_rate=0.0))
    here_deliveries, _ = generate_day(JOBS, TUESDAY_MS, replace(PLAN, crawler_rate=0.0))
    # then
    assert not here.labels.keys() & there.labels.keys()
    here_visitors = {delivery.event.visitor for delivery in here_deliveries}
    assert not here_visitors & {delivery.event.visitor for delivery in there_deliveries}


def test_a_job_keeps_its_popularity_when_others_are_added_or_removed():
    # given
    ids = np.array([job.job_id for job in JOBS], np.int64)
    # when
    among_all, alone = sample_popularity(ids, 3), sample_popularity(ids[40:41], 3)
    # then
    assert among_all[40] == alone[0]


def test_popularity_is_a_power_law_with_mean_one():
    # given
    ids = np.arange(1, 200_001, dtype=np.int64) * 256
    # when
    popularity = np.sort(sample_popularity(ids, 7))[::-1]
    # then: the share of jobs above x falls by the exponent, in the middle of the range
    above = np.arange(1, len(popularity) + 1) / len(popularity)
    middle = slice(2_000, 100_000)
    slope = np.polyfit(np.log(popularity[middle]), np.log(above[middle]), 1)[0]
    assert slope == pytest.approx(-POPULARITY_EXPONENT, abs=0.05)
    assert popularity.mean() == pytest.approx(1.0, abs=0.04)
    assert popularity[: len(ids) // 10].sum() > popularity.sum() / 2


def test_visits_follow_a_given_popularity():
    # given
    plain, loved = replace(JOBS[0], popularity=1.0), replace(JOBS[1], popularity=8.0)
    # when
    labelled = read_labelled([plain, loved], replace(PLAN, views_per_job_day=1000.0))
    views = Counter(event.job_id for event in labelled[Label.GENUINE] if event.type == VIEW)
    # then
    assert views[loved.job_id] / views[plain.job_id] == pytest.approx(8.0, rel=0.15)


def test_a_job_without_popularity_has_no_visitors():
    labelled = read_labelled([replace(JOBS[0], popularity=0.0)], PLAN)
    assert not labelled


@pytest.mark.parametrize(("offset_hours", "busy_utc", "quiet_utc"), [(0, 10, 3), (9, 1, 18), (-5, 15, 8)])
def test_traffic_is_low_at_night(offset_hours, busy_utc, quiet_utc):
    # when
    labelled = read_labelled(EVEN_JOBS, replace(PLAN, utc_offset_hours=offset_hours))
    hours = Counter((event.time_ms - TUESDAY_MS) // HOUR_MS for event in labelled[Label.GENUINE])
    # then
    assert set(hours) == set(range(24))
    assert hours[busy_utc] > 8 * hours[quiet_utc]


def test_a_saturday_is_quieter_than_a_tuesday():
    # when
    tuesday = read_labelled(EVEN_JOBS, PLAN)[Label.GENUINE]
    saturday = read_labelled(EVEN_JOBS, PLAN, TUESDAY_MS + 4 * DAY_MS)[Label.GENUINE]
    # then
    assert len(saturday) == pytest.approx(len(tuesday) * 0.60 / 1.25, rel=0.06)


def test_a_week_brings_the_planned_views():
    # when
    views = sum(
        event.type == VIEW
        for n in range(7)
        for event in read_labelled(EVEN_JOBS, replace(PLAN, late_rate=0.0), TUESDAY_MS + n * DAY_MS)[
            Label.GENUINE
        ]
    )
    # then
    assert views == pytest.approx(7 * len(EVEN_JOBS) * PLAN.views_per_job_day, rel=0.02)


@pytest.mark.parametrize(
    ("label", "event_type", "rate", "of_type"),
    [
        (Label.GENUINE, APPLY_CLICK, PLAN.apply_rate, VIEW),
        (Label.DOUBLE_CLICK, APPLY_CLICK, 0.20, APPLY_CLICK),
        (Label.ROBOTIC, APPLY_CLICK, 0.30, APPLY_CLICK),
        (Label.CRAWLER, VIEW, 0.15, VIEW),
        (Label.CRAWLER, APPLY_CLICK, 0.15, APPLY_CLICK),
        (Label.LATE, VIEW, 0.10, VIEW),
        (Label.LATE, APPLY_CLICK, 0.10, APPLY_CLICK),
        (Label.TOO_LATE, VIEW, 0.05, VIEW),
        (Label.REPEATED, VIEW, 0.08, VIEW),
    ],
)
def test_shares_are_near_the_plan(label, event_type, rate, of_type):
    # given
    plan = TrafficPlan(
        seed=21,
        views_per_job_day=400.0,
        double_click_rate=0.20,
        bot_rate=0.30,
        crawler_rate=0.15,
        late_rate=0.10,
        too_late_rate=0.05,
        repeat_rate=0.08,
        burst_clicks=10,
    )
    # when
    _, truth = generate_day(EVEN_JOBS, TUESDAY_MS, plan)
    events = Counter()
    for cell, count in truth.counts.items():
        events[cell.type, cell.label] += count
    # then: lateness and repeats are shares of what exists, the others are on top of the genuine
    of = {
        Label.REPEATED: [key for key in events if key[1] != Label.REPEATED],
        Label.DOUBLE_CLICK: [(of_type, Label.GENUINE)],
    }.get(label, [(of_type, each) for each in (Label.GENUINE, Label.LATE, Label.TOO_LATE)])
    base = sum(events[key] for key in of if key[0] == of_type)
    if label is Label.GENUINE:
        base = events[VIEW, Label.GENUINE]
    assert events[event_type, label] / base == pytest.approx(rate, rel=0.15)


@pytest.mark.parametrize(
    "rate", ["double_click_rate", "bot_rate", "crawler_rate", "late_rate", "too_late_rate", "repeat_rate"]
)
def test_a_rate_of_zero_means_none(rate):
    # given
    label = {
        "double_click_rate": Label.DOUBLE_CLICK,
        "bot_rate": Label.ROBOTIC,
        "crawler_rate": Label.CRAWLER,
        "late_rate": Label.LATE,
        "too_late_rate": Label.TOO_LATE,
        "repeat_rate": Label.REPEATED,
    }[rate]
    rich = replace(PLAN, bot_rate=0.2, too_late_rate=0.01)
    # when
    _, with_rate = generate_day(JOBS, TUESDAY_MS, rich)
    _, without = generate_day(JOBS, TUESDAY_MS, replace(rich, **{rate: 0.0}))
    # then
    assert label in {cell.label for cell in with_rate.counts}
    assert label not in {cell.label for cell in without.counts}


def test_every_genuine_click_follows_a_view_of_the_same_visitor():
    # when
    labelled = read_labelled(JOBS, PLAN)
    for label in (Label.GENUINE, Label.LATE):
        views = {(e.visitor, e.job_id): e.time_ms for e in labelled[label] if e.type == VIEW}
        clicks = [event for event in labelled[label] if event.type == APPLY_CLICK]
        # then
        assert clicks
        assert all(views[click.visitor, click.job_id] < click.time_ms for click in clicks)
        assert len({(click.visitor, click.job_id) for click in clicks}) == len(clicks)


def test_a_visitor_has_one_address_and_one_browser_and_visits_several_jobs():
    # when
    genuine = read_labelled(JOBS, PLAN)[Label.GENUINE]
    faces, jobs_seen = defaultdict(set), defaultdict(set)
    for event in genuine:
        faces[event.visitor].add((event.address, event.user_agent))
        jobs_seen[event.visitor].add(event.job_id)
    # then
    assert all(len(face) == 1 for face in faces.values())
    assert len({address for ((address, _),) in faces.values()}) == len(faces)
    assert max(map(len, jobs_seen.values())) > 3


def test_a_double_click_repeats_a_genuine_click_within_seconds():
    # when
    labelled = read_labelled(JOBS, replace(PLAN, double_click_rate=0.3))
    first = {(e.visitor, e.job_id): e for e in labelled[Label.GENUINE] if e.type == APPLY_CLICK}
    # then
    assert len(labelled[Label.DOUBLE_CLICK]) > 50
    for double in labelled[Label.DOUBLE_CLICK]:
        original = first[double.visitor, double.job_id]
        assert double.type == APPLY_CLICK
        assert double.id != original.id
        assert 1_000 <= double.time_ms - original.time_ms < 9_000
        assert (double.address, double.user_agent) == (original.address, original.user_agent)


def test_a_robot_clicks_through_many_jobs_in_seconds_and_views_none():
    # when
    labelled = read_labelled(EVEN_JOBS, replace(PLAN, bot_rate=0.5))
    bursts = defaultdict(list)
    for event in labelled[Label.ROBOTIC]:
        bursts[event.visitor].append(event)
    # then
    others = {event.visitor for label in Label if label != Label.ROBOTIC for event in labelled[label]}
    assert len(bursts) > 5
    assert not bursts.keys() & others
    for burst in bursts.values():
        assert {event.type for event in burst} == {APPLY_CLICK}
        assert len({event.address for event in burst}) == len({event.user_agent for event in burst}) == 1
        assert len({event.job_id for event in burst}) == len(burst)
        assert burst[-1].time_ms - burst[0].time_ms < 30_000
    assert {event.user_agent for event in labelled[Label.ROBOTIC]} <= set(BROWSER_AGENTS)


def test_only_crawlers_have_a_crawler_user_agent():
    # when
    labelled = read_labelled(JOBS, PLAN)
    # then
    assert all(map(crawleruseragents.is_crawler, CRAWLER_AGENTS))
    assert not any(map(crawleruseragents.is_crawler, BROWSER_AGENTS))
    assert {event.user_agent for event in labelled[Label.CRAWLER]} == set(CRAWLER_AGENTS)
    assert len({event.visitor for event in labelled[Label.CRAWLER]}) == len(CRAWLER_AGENTS)
    assert {event.user_agent for event in labelled[Label.GENUINE]} == set(BROWSER_AGENTS)


def test_events_stay_inside_the_run_of_their_job_except_those_after_its_close():
    # given: one opens at noon, one closes at ten, one closed yesterday at noon, two are far in the future or
    # past
    noon_ms, ten_ms = TUESDAY_MS + 12 * HOUR_MS, TUESDAY_MS + 10 * HOUR_MS
    lives = {
        1: (noon_ms, TUESDAY_MS + 9 * DAY_MS),
        2: (TUESDAY_MS - DAY_MS, ten_ms),
        3: (TUESDAY_MS - 9 * DAY_MS, noon_ms - DAY_MS),
        4: (TUESDAY_MS - 9 * DAY_MS, TUESDAY_MS - DAY_MS),
        5: (TUESDAY_MS + DAY_MS, TUESDAY_MS + 9 * DAY_MS),
    }
    jobs = [
        LiveJob(job_id=job_id, live_from_ms=start_ms, live_until_ms=end_ms, popularity=1.0)
        for job_id, (start_ms, end_ms) in lives.items()
    ]
    plan = TrafficPlan(seed=3, views_per_job_day=3000.0, after_close_rate=0.1, bot_rate=0.5)
    # when
    labelled = read_labelled(jobs, plan)
    # then
    for label, events in labelled.items():
        for event in events:
            begin, end = lives[event.job_id]
            if label == Label.AFTER_CLOSE:
                assert end <= event.time_ms < end + DAY_MS + HOUR_MS
            else:
                assert begin <= event.time_ms < end
            assert day_of_ms(event.time_ms) == day_of_ms(TUESDAY_MS)
    assert {event.job_id for event in labelled[Label.GENUINE]} == {1, 2}
    assert {event.job_id for event in labelled[Label.AFTER_CLOSE]} == {2, 3}
    assert {event.type for event in labelled[Label.AFTER_CLOSE]} == {VIEW, APPLY_CLICK}
    last = max(event.time_ms for event in labelled[Label.AFTER_CLOSE] if event.job_id == 3)
    assert last < noon_ms + HOUR_MS


def test_nothing_happens_where_no_job_is_live():
    assert generate_day([], TUESDAY_MS, PLAN)[0] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"apply_rate": 1.5},
        {"bot_rate": -0.1},
        {"late_rate": 0.7, "too_late_rate": 0.7},
        {"seed": -1},
        {"burst_clicks": 0},
    ],
)
def test_a_plan_that_is_inconsistent_is_caught(wrong):
    with pytest.raises(AssertionError):
        TrafficPlan(**wrong)


@pytest.mark.parametrize(
    ("jobs", "day_start_ms"),
    [
        pytest.param(JOBS, TUESDAY_MS + 1, id="not midnight"),
        pytest.param([JOBS[0], JOBS[0]], TUESDAY_MS, id="the same job twice"),
    ],
)
def test_a_day_that_is_inconsistent_is_caught(jobs, day_start_ms):
    with pytest.raises(AssertionError):
        generate_day(jobs, day_start_ms, PLAN)
