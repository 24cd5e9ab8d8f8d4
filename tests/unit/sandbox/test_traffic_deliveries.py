"""Tests the delivery of generated events: their JSON, order, lateness, repeats, batches."""

from collections import Counter, defaultdict
from dataclasses import replace
from ipaddress import ip_address, ip_network

import msgspec
import pytest

from jobmeter.base.days import DAY_MS
from jobmeter.sandbox.traffic.generator import HOUR_MS, generate_day, make_address
from jobmeter.sandbox.traffic.ground_truth import APPLY_CLICK, Label, day_of_ms
from jobmeter.sandbox.traffic.plan import LiveJob, TrafficPlan
from jobmeter.sandbox.traffic.schedule import (
    ScheduledEvent,
    TrafficEvent,
    encode_batches,
    merge_schedules,
    split_due,
)

DAY_START_MS = 20_760 * DAY_MS
JOBS = [
    LiveJob(job_id=9_000_000 + 256 * n, live_from_ms=DAY_START_MS, live_until_ms=DAY_START_MS + 20 * DAY_MS)
    for n in range(50)
]
PLAN = TrafficPlan(seed=4, views_per_job_day=100.0, late_rate=0.05, too_late_rate=0.02, repeat_rate=0.05)


def make_event(number, event_type=APPLY_CLICK, job_id=256, time_ms=DAY_START_MS):
    return TrafficEvent(
        source="sandbox-traffic",
        id=f"e{number}",
        type=event_type,
        job_id=job_id,
        time_ms=time_ms,
        visitor="v-1",
        user_agent="Browser",
        address="2001:db8::1",
    )


def test_an_event_is_sent_in_the_format_of_the_intake():
    # given
    delivery = ScheduledEvent(DAY_START_MS + 5, make_event(7, job_id=4_249_477_487))
    # when
    (body,) = encode_batches([delivery], 10)
    # then
    assert msgspec.json.decode(body) == [
        {
            "source": "sandbox-traffic",
            "id": "e7",
            "type": "applyClick",
            "job": 4_249_477_487,
            "time": DAY_START_MS,
            "visitor": "v-1",
            "userAgent": "Browser",
            "address": "2001:db8::1",
        }
    ]


@pytest.mark.parametrize(("rows", "sizes"), [(0, []), (3, [3]), (4, [4]), (9, [4, 4, 1])])
def test_batches_keep_the_order_and_the_limit(rows, sizes):
    # given
    deliveries = [ScheduledEvent(n, make_event(n)) for n in range(rows)]
    # when
    batches = [msgspec.json.decode(body) for body in encode_batches(deliveries, 4)]
    # then
    assert [len(batch) for batch in batches] == sizes
    assert [event["id"] for batch in batches for event in batch] == [f"e{n}" for n in range(rows)]


def test_due_events_are_delivered_and_the_rest_waits():
    # given
    deliveries = [ScheduledEvent(moment, make_event(moment)) for moment in (10, 20, 20, 30)]
    # when / then
    assert split_due(deliveries, 20) == (deliveries[:1], deliveries[1:])
    assert split_due(deliveries, 21) == (deliveries[:3], deliveries[3:])
    assert split_due(deliveries, 10) == ([], deliveries)
    assert split_due([], 99) == ([], [])


def test_days_played_hour_by_hour_deliver_everything_once_in_order():
    # given
    days = [generate_day(JOBS, DAY_START_MS + n * DAY_MS, PLAN)[0] for n in range(3)]
    # when
    waiting, sent = [], []
    for hour in range(24 * 7):
        if hour % 24 == 0 and hour // 24 < len(days):
            waiting = merge_schedules(waiting, days[hour // 24])
        due, waiting = split_due(waiting, DAY_START_MS + (hour + 1) * HOUR_MS)
        sent += due
    # then
    assert waiting == []
    assert sent == merge_schedules(*days)
    assert len(sent) == sum(map(len, days))


def test_events_arrive_after_they_happen_and_as_late_as_their_label_says():
    # given
    deliveries, truth = generate_day(JOBS, DAY_START_MS, PLAN)
    # when
    delays = defaultdict(list)
    seen = set()
    for delivery in deliveries:
        if delivery.event.id not in seen:
            seen.add(delivery.event.id)
            delays[truth.labels[delivery.event.id]].append(delivery.deliver_at_ms - delivery.event.time_ms)
    # then
    moments = [delivery.deliver_at_ms for delivery in deliveries]
    assert moments == sorted(moments)
    for label, of_label in delays.items():
        low, high = {
            Label.LATE: (HOUR_MS, 47 * HOUR_MS),
            Label.TOO_LATE: (48 * HOUR_MS + 1, 72 * HOUR_MS),
        }.get(label, (50, 2_000))
        assert low <= min(of_label) <= max(of_label) < high
    assert {Label.LATE, Label.TOO_LATE, Label.GENUINE} <= delays.keys()


def test_a_repeated_event_is_delivered_twice_unchanged():
    # given
    deliveries, truth = generate_day(JOBS, DAY_START_MS, PLAN)
    # when
    copies = defaultdict(list)
    for delivery in deliveries:
        copies[delivery.event.id].append(delivery)
    twice = [pair for pair in copies.values() if len(pair) > 1]
    # then
    repeated = sum(count for cell, count in truth.counts.items() if cell.label == Label.REPEATED)
    assert len(twice) == repeated > 0
    for first, second in twice:
        assert first.event == second.event
        assert 1_000 <= second.deliver_at_ms - first.deliver_at_ms < 6 * HOUR_MS


def test_every_address_is_in_the_documentation_range():
    # given
    deliveries, _ = generate_day(JOBS, DAY_START_MS, PLAN)
    # when
    addresses = {delivery.event.address for delivery in deliveries}
    # then
    assert len(addresses) > 500
    assert all(ip_address(address) in ip_network("2001:db8::/32") for address in addresses)


@pytest.mark.parametrize("word", [0, 1, 0xFFFF, 0xFFFF_0000, 2**48 - 1, 2**64 - 1])
def test_an_address_is_written_canonically(word):
    assert str(ip_address(make_address(word))) == make_address(word)


def test_distinct_clicks_that_are_delivered_are_those_of_the_truth():
    # given
    deliveries, truth = generate_day(JOBS, DAY_START_MS, replace(PLAN, bot_rate=0.2))
    # when
    clicks = Counter()
    for cell, count in truth.counts.items():
        if cell.type == APPLY_CLICK and cell.label != Label.REPEATED:
            clicks[cell.job_id, truth.day] += count
    # then
    delivered = {one.event.id: one.event for one in deliveries if one.event.type == APPLY_CLICK}
    assert Counter((event.job_id, day_of_ms(event.time_ms)) for event in delivered.values()) == clicks
