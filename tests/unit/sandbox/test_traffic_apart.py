"""Tests that visits from elsewhere, by staff and by declared crawlers match their labels."""

from collections import Counter
from dataclasses import replace

import pytest

from jobmeter.base.days import DAY_MS
from jobmeter.geo.countries import name_country, number_country
from jobmeter.sandbox.traffic.generator import BROWSER_AGENTS, generate_day
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, Label
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.special_visits import STAFF, list_staff

DAY_START_MS = 20_760 * DAY_MS
MARKETS = ("US", "FR", "")
JOBS = [
    LiveJob(
        job_id=70_000 + n,
        live_from_ms=DAY_START_MS,
        live_until_ms=DAY_START_MS + 9 * DAY_MS,
        popularity=1.0,
        market=MARKETS[n % 3],
    )
    for n in range(60)
]
MARKET_OF = {job.job_id: job.market for job in JOBS}
PLAIN = TrafficPlan(seed=3, views_per_job_day=200.0)
PLAN = replace(PLAIN, elsewhere_rate=0.10, staff_rate=0.05, declared_crawler_rate=0.08)


def read_events(plan, day_start_ms=DAY_START_MS):
    deliveries, truth = generate_day(JOBS, day_start_ms, plan)
    return {one.event.id: (one.event, truth.labels[one.event.id]) for one in deliveries}


@pytest.fixture(scope="module")
def labelled():
    return list(read_events(PLAN).values())


def test_only_visits_from_elsewhere_have_another_country_than_the_job(labelled):
    for event, label in labelled:
        market = MARKET_OF[event.job_id]
        assert len(event.country) == 2
        assert (bool(market) and event.country != market) == (label is Label.ELSEWHERE)
    everywhere = {event.country for event, _ in labelled if not MARKET_OF[event.job_id]}
    assert len(everywhere) > 3


def test_events_of_a_job_without_a_market_have_no_country():
    deliveries, truth = generate_day([replace(job, market=None) for job in JOBS], DAY_START_MS, PLAN)
    assert {one.event.country for one in deliveries} == {None}
    assert Label.ELSEWHERE not in truth.labels.values()


def test_staff_are_the_same_people_every_day_under_every_seed_and_no_one_else(labelled):
    others = list(read_events(replace(PLAN, seed=9), DAY_START_MS + DAY_MS).values())
    for day in (labelled, others):
        found = {event.visitor for event, label in day if label is Label.STAFF}
        assert found == set(list_staff())
        assert not found & {event.visitor for event, label in day if label is not Label.STAFF}
    assert len(set(list_staff())) == STAFF


def test_a_declared_crawler_looks_like_a_browser_and_is_reported_by_the_board_only(labelled):
    for event, label in labelled:
        assert event.is_crawler == (True if label is Label.DECLARED_CRAWLER else None)
        assert label is not Label.DECLARED_CRAWLER or event.user_agent in BROWSER_AGENTS


@pytest.mark.parametrize(
    ("label", "rate"), [(Label.ELSEWHERE, 0.10 * 2 / 3), (Label.STAFF, 0.05), (Label.DECLARED_CRAWLER, 0.08)]
)
def test_shares_are_near_the_plan(labelled, label, rate):
    views = Counter(found for event, found in labelled if event.type != APPLY_CLICK)
    clicks = Counter(found for event, found in labelled if event.type == APPLY_CLICK)
    visits = sum(views[one] for one in (Label.GENUINE, Label.ELSEWHERE, Label.STAFF, Label.DECLARED_CRAWLER))
    assert views[label] / visits == pytest.approx(rate, rel=0.15)
    assert clicks[label] > 0


def test_the_visits_are_the_same_whichever_of_them_are_special():
    # a rate changes who visits and how, never whether or when a visit happens
    special_visits, plain = read_events(PLAN), read_events(PLAIN)
    visits = [
        sorted((event.job_id, event.time_ms) for event, _ in day.values() if event.type != APPLY_CLICK)
        for day in (special_visits, plain)
    ]
    assert visits[0] == visits[1]
    assert {label for _, label in plain.values()}.isdisjoint(
        {Label.ELSEWHERE, Label.STAFF, Label.DECLARED_CRAWLER}
    )


def test_shares_above_all_visits_are_caught():
    with pytest.raises(AssertionError):
        TrafficPlan(elsewhere_rate=0.6, staff_rate=0.6)


@pytest.mark.parametrize("code", ["US", "fr", "ZW", "AD"])
def test_a_country_is_named_as_it_was_numbered(code):
    assert name_country(number_country(code)) == code.upper()
    assert name_country(number_country("?")) == ""
