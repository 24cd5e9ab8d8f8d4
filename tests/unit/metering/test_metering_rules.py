"""Which events count, in which order they are stored and how they are counted, compared with a model of dictionaries."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.clock import to_ms
from jobmeter.charging.windows.model import NO_WINDOWS, LiveWindows
from jobmeter.geo.countries import number_country
from jobmeter.metering.filters.model import FilterPolicy
from jobmeter.metering.intake.columns import make_columns
from jobmeter.metering.intake.rules import Filters, count_clicks, judge, order_for_storage
from jobmeter.metering.model import NOT_STORED, Verdict
from jobmeter.wire.events import Event, Malformed

NOW = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
NOW_MS = to_ms(NOW)
HOUR_MS = 3_600_000
TOLERANCE_SECONDS = 300
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0"

# Three jobs on two shards; one went live an hour ago, one ended an hour ago.
LIVE = {
    5 * 256 + 7: (0, 1 << 60),
    5 * 256 + 9: (0, NOW_MS - HOUR_MS),
    6 * 256 + 7: (NOW_MS - HOUR_MS, 1 << 60),
}
METERS = LiveWindows(
    np.array(list(LIVE), dtype=np.int64),
    np.array([window[0] for window in LIVE.values()], dtype=np.int64),
    np.array([window[1] for window in LIVE.values()], dtype=np.int64),
    np.arange(len(LIVE)),
    np.zeros(len(LIVE), dtype=np.int64),
    np.array([1, 1, 2]),
    np.full(len(LIVE), number_country("GB")),
)

EDGES_MS = (
    0,
    -1,
    1,
    -HOUR_MS,
    -HOUR_MS - 1,
    -24 * HOUR_MS,
    -48 * HOUR_MS,
    -48 * HOUR_MS + 1,
    300_000,
    300_001,
)
EVENTS = st.builds(
    Event,
    source=st.sampled_from(["a", "b"]),
    id=st.sampled_from(["1", "2", "3"]),
    type=st.sampled_from(["view", "applyClick"]),
    time=st.sampled_from([NOW_MS + edge for edge in EDGES_MS]),
    job=st.sampled_from([*LIVE, 999, f"urn:li:jobPosting:{min(LIVE)}", "none"]),
    user_agent=st.sampled_from([None, PERSON, CRAWLER]),
)
BATCHES = st.lists(EVENTS | st.just(Malformed("spoiled")), max_size=40)


def job_of(event):
    return event.job if isinstance(event.job, int) else min(LIVE) if ":" in event.job else 0


def expected_verdict(event):
    """Applies the filters one by one, as the documented table lists them."""
    if isinstance(event, Malformed):
        return Verdict.MALFORMED
    if job_of(event) not in LIVE:
        return Verdict.JOB_UNKNOWN
    if event.time <= NOW_MS - 48 * HOUR_MS:
        return Verdict.TOO_OLD
    if event.time > NOW_MS + TOLERANCE_SECONDS * 1_000:
        return Verdict.IN_FUTURE
    first, end = LIVE[job_of(event)]
    if not first <= event.time < end:
        return Verdict.JOB_NOT_LIVE
    return Verdict.CRAWLER if event.user_agent == CRAWLER else Verdict.COUNTED


def make_filters(columns, excluded=(), policies=None):
    flags = np.zeros(len(columns), dtype=bool)
    flags[list(excluded)] = True
    return Filters(policies or {}, flags, TOLERANCE_SECONDS)


def filter_batch(events, windows=METERS, excluded=()):
    columns = make_columns(events, {})
    return columns, judge(columns, windows, make_filters(columns, excluded), now=NOW)


@given(BATCHES)
def test_the_first_filter_that_matches_is_the_verdict(events):
    _, verdicts = filter_batch(events)
    assert [Verdict(int(verdict)) for verdict in verdicts] == [expected_verdict(event) for event in events]


def test_every_verdict_can_be_provoked():
    job, ended, _ = LIVE
    events = [
        Event("a", "1", "view", NOW_MS, job),
        Malformed("spoiled"),
        Event("a", "1", "view", 0, 999, user_agent=CRAWLER),
        Event("a", "1", "view", 0, ended, user_agent=CRAWLER),
        Event("a", "1", "view", NOW_MS + 24 * HOUR_MS, ended, user_agent=CRAWLER),
        Event("a", "1", "view", NOW_MS, ended, user_agent=CRAWLER),
        Event("a", "1", "view", NOW_MS, job, user_agent=CRAWLER, country="FR"),
        Event("a", "1", "view", NOW_MS, job, country="FR"),
        Event("a", "1", "view", NOW_MS, job, country="gb"),
    ]
    _, verdicts = filter_batch(events, excluded=[7, 8])
    # BURST is found afterwards, among the clicks that count; see test_bursts.
    strict = {METERS.contract_ids[0]: FilterPolicy(refuses_non_browsers=True)}
    columns = make_columns([Event("a", "1", "view", NOW_MS, job, user_agent="feedparser")], {})
    filters = replace(make_filters(columns, policies=strict), non_browsers=np.ones(1, dtype=bool))
    last = judge(columns, METERS, filters, now=NOW)
    assert [*verdicts.tolist(), *last.tolist()] == [
        int(verdict) for verdict in Verdict if verdict != Verdict.BURST
    ]


def test_without_live_windows_every_job_is_unknown():
    _, verdicts = filter_batch([Event("a", "1", "view", NOW_MS, job) for job in LIVE], NO_WINDOWS)
    assert set(verdicts.tolist()) == {Verdict.JOB_UNKNOWN}


@given(BATCHES)
def test_each_event_is_stored_once_in_the_order_of_its_key(events):
    columns, verdicts = filter_batch(events)

    rows = order_for_storage(columns, verdicts).tolist()

    first = {}
    for row, event in enumerate(events):
        if expected_verdict(event) not in NOT_STORED:
            first.setdefault((job_of(event) % 256, event.time, event.source, event.id), row)
    assert sorted(rows) == sorted(first.values())
    stored = [(job_of(events[row]) % 256, columns.keys[row].tobytes()) for row in rows]
    assert stored == sorted(stored)
    assert [key[:6] for _, key in stored] == [events[row].time.to_bytes(6) for row in rows]


@pytest.mark.parametrize("span_ms", [0, 1, 1 << 20, 1 << 46])
def test_keys_that_differ_in_one_bit_are_kept_apart_and_in_order(span_ms):
    """Whichever bit it is: the lowest ones of a hash, too, which are not compared first."""
    job = min(LIVE)
    event = make_columns([Event("a", "1", "view", NOW_MS, job)], {})
    keys = np.frombuffer(
        b"".join(
            (int.from_bytes(event.keys[0].tobytes()[6:]) ^ 1 << bit | at << 80).to_bytes(16)
            for at in (0, span_ms)
            for bit in range(80)
        ),
        dtype="V16",
    )
    columns = replace(event.select(np.zeros(160, dtype=np.int64)), keys=keys)

    rows = order_for_storage(columns, np.full(160, int(Verdict.COUNTED), dtype=np.int16))

    stored = [keys[row].tobytes() for row in rows.tolist()]
    assert stored == sorted({key.tobytes() for key in keys})


@given(BATCHES)
def test_counts_are_those_of_a_dictionary(events):
    columns, verdicts = filter_batch(events)
    rows = order_for_storage(columns, verdicts)

    counts = count_clicks(columns, verdicts, rows, METERS)

    expected = Counter()
    groups = set()
    for row in rows.tolist():
        event, is_counted = events[row], expected_verdict(events[row]) is Verdict.COUNTED
        group = (job_of(event) % 256, job_of(event), event.time // (24 * HOUR_MS))
        groups.add(group)
        if event.type == "applyClick":
            expected[group, "clicks" if is_counted else "refused"] += 1
        elif is_counted:
            expected[group, "views"] += 1
    found = list(zip(counts.shards.tolist(), counts.job_ids.tolist(), counts.days.tolist(), strict=True))
    assert found == sorted(groups)
    for name in ("views", "clicks", "refused"):
        assert getattr(counts, name).tolist() == [expected[group, name] for group in found]


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_of_two_equal_events_is_kept(order):
    job = min(LIVE)
    view, click = Event("a", "1", "view", NOW_MS, job), Event("a", "1", "applyClick", NOW_MS, job)
    columns, verdicts = filter_batch([view, click][::order])
    rows = order_for_storage(columns, verdicts)
    assert rows.tolist() == [0]
    assert count_clicks(columns, verdicts, rows, METERS).clicks.tolist() == [0 if order == 1 else 1]


@pytest.mark.parametrize(
    ("policy", "event", "verdict"),
    [
        (FilterPolicy(), {"is_crawler": True}, Verdict.CRAWLER),
        (FilterPolicy(refuses_crawlers=False), {"is_crawler": True}, Verdict.COUNTED),
        (FilterPolicy(refuses_crawlers=False), {"user_agent": CRAWLER}, Verdict.COUNTED),
        (FilterPolicy(), {"country": "DE"}, Verdict.OUTSIDE_MARKET),
        (FilterPolicy(refuses_other_markets=False), {"country": "DE"}, Verdict.COUNTED),
        (FilterPolicy(), {"country": "nowhere"}, Verdict.COUNTED),
        (FilterPolicy(late_window_hours=2), {"time": NOW_MS - 2 * HOUR_MS}, Verdict.TOO_OLD),
        (FilterPolicy(late_window_hours=2), {"time": NOW_MS - 2 * HOUR_MS + 1}, Verdict.COUNTED),
        (FilterPolicy(future_tolerance_seconds=0), {"time": NOW_MS + 1}, Verdict.IN_FUTURE),
        (FilterPolicy(future_tolerance_seconds=0), {"time": NOW_MS}, Verdict.COUNTED),
    ],
)
def test_a_contract_s_policy_applies_to_its_own_jobs_only(policy, event, verdict):
    mine, _, others = LIVE
    values = {"source": "a", "id": "1", "type": "view", "time": NOW_MS} | event
    columns = make_columns([Event(job=mine, **values), Event(job=others, **(values | {"id": "2"}))], {})
    policies = {1: policy}

    found = judge(columns, METERS, make_filters(columns, policies=policies), now=NOW)
    default = judge(columns, METERS, make_filters(columns), now=NOW)

    assert found[0] == verdict
    assert found[1] == default[1]
