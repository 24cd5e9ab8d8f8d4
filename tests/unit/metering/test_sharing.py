"""The partitions of a stream are shared among its consumers: evenly, each by one, and with few changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from jobmeter.metering.streams.model import Position
from jobmeter.metering.streams.rules import share_partitions

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SOON, GONE = NOW + timedelta(seconds=9), NOW - timedelta(seconds=1)
CONSUMERS = [UUID(int=number) for number in range(1, 6)]


def position(number, consumer=None, until=SOON):
    claimed_until = None if consumer is None else until
    return Position(partition=str(number), next_offset=0, consumer=consumer, claimed_until=claimed_until)


def settle(positions, consumers):
    """What is read by whom after each has claimed its share as often as there are consumers."""
    owners = {one.partition: one.consumer for one in positions}
    for _ in consumers:
        for consumer in consumers:
            rows = [position(partition, owner) for partition, owner in owners.items()]
            share = share_partitions(rows, consumers, consumer=consumer, now=NOW)
            owners |= dict.fromkeys(share.left) | dict.fromkeys(share.wanted, consumer)
    return owners


@given(
    st.lists(st.sampled_from([None, *CONSUMERS]), max_size=12),
    st.lists(st.sampled_from(CONSUMERS), min_size=1, unique=True),
)
def test_all_partitions_are_shared_evenly(owners, consumers):
    # those of consumers that are gone are free, because their claim has ended
    known = [owner if owner in consumers else None for owner in owners]
    found = settle([position(number, owner) for number, owner in enumerate(known)], consumers)
    counts = [list(found.values()).count(consumer) for consumer in consumers]
    assert sum(counts) == len(owners)
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.sampled_from([None, *CONSUMERS]), max_size=12), st.sampled_from(CONSUMERS))
def test_nobody_takes_what_another_one_reads(owners, consumer):
    positions = [position(number, owner) for number, owner in enumerate(owners)]
    share = share_partitions(positions, CONSUMERS, consumer=consumer, now=NOW)
    by_name = {one.partition: one.consumer for one in positions}
    assert {by_name[name] for name in share.wanted} <= {None, consumer}
    assert {by_name[name] for name in share.left} <= {consumer}
    assert share.wanted & share.left == set()


def test_what_a_consumer_that_is_gone_has_read_is_free():
    first, second = CONSUMERS[:2]
    positions = [position(0, first, GONE), position(1, first, SOON)]
    share = share_partitions(positions, [second], consumer=second, now=NOW)
    assert (share.wanted, share.left) == ({"0"}, set())


def test_of_two_consumers_one_keeps_what_it_reads():
    first, second = CONSUMERS[:2]
    positions = [position(0, first), position(1, first), position(2, first)]
    share = share_partitions(positions, [first, second], consumer=first, now=NOW)
    assert (share.wanted, share.left) == ({"0", "1"}, {"2"})
    assert share_partitions(positions, [first, second], consumer=second, now=NOW).wanted == set()
