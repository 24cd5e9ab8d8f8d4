"""How far a partition was read is recorded with the events that were read, by the consumer whose partition it is."""

import contextlib
from datetime import timedelta
from uuid import UUID

import pytest

from jobmeter.metering.streams import flow as streams
from jobmeter.metering.streams.model import CLAIM_SPAN, LoggedMessage, Portion, PositionLostError
from jobmeter.wire.messages import Message
from tests.deployment.streams.reading import count_events, encode_clicks
from tests.support.databases.distributed import DistributedDatabase
from tests.support.databases.dying_database import Died
from tests.support.databases.table_snapshots import read_tables
from tests.support.scenario import SETTINGS, START, make_element, open_scenario, set_up

FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
async def scenario(database_url):
    async with open_scenario(database_url) as opened:
        yield opened


def portion_of(values, *, begins, partition="0"):
    messages = [LoggedMessage(begins + number, Message(value)) for number, value in enumerate(values)]
    return Portion(
        partition=partition,
        first_offset=begins,
        next_offset=begins + len(values),
        messages=tuple(messages),
        messages_waiting=7,
    )


PARTITIONS = ("0", "1", "2", "3", "4")


async def claim(scenario, consumer, *, at=START, starts=None, stream="s", partitions=PARTITIONS):
    async with scenario.database.transaction() as connection:
        return await streams.claim(
            connection,
            stream=stream,
            consumer=consumer,
            partitions=partitions,
            starts=starts or {},
            now=at,
        )


async def record_on(connection, scenario, consumer, portion, *, at=START):
    events, count = await streams.read_events([one.message for one in portion.messages])
    assert count == len(portion.messages)
    return await streams.record(
        scenario.database,
        connection,
        portion,
        events,
        stream="s",
        consumer=consumer,
        known=scenario.known,
        now=at,
        future_tolerance_seconds=SETTINGS.future_tolerance_seconds,
    )


async def record(scenario, consumer, portion, *, at=START):
    async with scenario.database.transaction() as connection:
        return await record_on(connection, scenario, consumer, portion, at=at)


async def post(scenario):
    return await scenario.post("a", budget_micros=9_000_000)


async def read_state(scenario):
    async with scenario.database.connection() as connection:
        (state,) = await streams.list_states(connection)
    return state


async def test_a_portion_is_recorded_once_with_where_it_ends(scenario):
    job_id = await post(scenario)
    assert await claim(scenario, FIRST, starts={"0": 40}) == {"0": 40}
    portion = portion_of([*encode_clicks(job_id, 4, START), b"nothing"], begins=40)
    reply = await record(scenario, FIRST, portion)
    assert (reply.accepted, reply.rejected, reply.clicks_charged) == (4, 1, 4)
    state = await read_state(scenario)
    assert (state.next_offset, state.messages_waiting) == (45, 7)
    assert (state.accepted, state.duplicate, state.rejected) == (4, 0, 1)
    # the same portion again: nothing changes
    tables = read_tables(scenario.database.url)
    with pytest.raises(PositionLostError, match="s, partition 0"):
        await record(scenario, FIRST, portion)
    assert read_tables(scenario.database.url) == tables
    assert await scenario.breaches() == []


async def test_without_its_commit_neither_is_recorded(scenario):
    job_id = await post(scenario)
    await claim(scenario, FIRST, starts={"0": 0})
    tables = read_tables(scenario.database.url)
    portion = portion_of(encode_clicks(job_id, 4, START), begins=0)
    with pytest.raises(ZeroDivisionError):
        await record_and_fail(scenario, portion)
    assert read_tables(scenario.database.url) == tables
    assert (await record(scenario, FIRST, portion)).accepted == 4


async def record_and_fail(scenario, portion):
    async with scenario.database.transaction() as connection:
        await record_on(connection, scenario, FIRST, portion)
        raise ZeroDivisionError


async def test_a_former_owner_that_was_slow_records_nothing(scenario):
    job_id = await post(scenario)
    await claim(scenario, FIRST, starts={"0": 0})
    later = START + CLAIM_SPAN + timedelta(seconds=1)
    assert await claim(scenario, SECOND, at=later) == {"0": 0}
    portion = portion_of(encode_clicks(job_id, 4, START), begins=0)
    with pytest.raises(PositionLostError):
        await record(scenario, FIRST, portion, at=later)
    assert (await record(scenario, SECOND, portion, at=later)).accepted == 4
    # it comes back, takes the share of one of two, which is none, and then the partition when it is free
    assert await claim(scenario, FIRST, at=later) == {}
    assert await claim(scenario, FIRST, at=later + 2 * CLAIM_SPAN) == {"0": 4}


async def test_a_partition_whose_messages_are_being_recorded_is_not_claimed(scenario):
    """Also if the claim has ended: the slow one may still commit."""
    job_id = await post(scenario)
    await claim(scenario, FIRST, starts={"0": 0})
    portion = portion_of(encode_clicks(job_id, 4, START), begins=0)
    later = START + CLAIM_SPAN + timedelta(seconds=1)
    async with scenario.database.transaction() as connection:
        await record_on(connection, scenario, FIRST, portion)
        assert await claim(scenario, SECOND, at=later) == {}
    # it has committed, and its claim was prolonged by that
    assert await claim(scenario, SECOND, at=START + CLAIM_SPAN) == {}
    assert await claim(scenario, SECOND, at=later) == {"0": 4}


async def post_for_both(scenario):
    """A job of each of two customers, whose shards differ."""
    jobs = []
    for customer in scenario.customers:
        element = make_element(customer, "a", START, budget_micros=90_000_000)
        task_id = await scenario.take(customer, element, START)
        await scenario.run_due(START)
        jobs.append(await scenario.job_of_task(customer, task_id, START))
    assert len({job_id % 256 for job_id in jobs}) == 2
    return jobs


@pytest.mark.parametrize("die_at", range(11))
async def test_where_events_are_recorded_by_shard_the_position_is_last(database_url, die_at):
    """Whatever it dies after, the portion is read again, and each event is counted once."""
    async with DistributedDatabase.opened(database_url, connections_max=3) as database:
        scenario = await set_up(database, 10**10)
        jobs = await post_for_both(scenario)
        await claim(scenario, FIRST, starts={"0": 0})
        portion = portion_of(
            [one for job_id in jobs for one in encode_clicks(job_id, 4, START, prefix=f"{job_id}-")], begins=0
        )
        database.restart(die_at=die_at)
        with contextlib.suppress(Died):
            await record(scenario, FIRST, portion)
        database.restart()
        state = await read_state(scenario)
        assert state.next_offset in {0, 8}
        if state.next_offset == 0:
            await record(scenario, FIRST, portion)
            state = await read_state(scenario)
        assert (state.next_offset, state.accepted + state.duplicate, state.rejected) == (8, 8, 0)
        assert await count_events(scenario) == (8, 8, 8)
        with pytest.raises(PositionLostError):
            await record(scenario, FIRST, portion)
        assert await scenario.breaches() == []


async def test_nobody_takes_a_partition_over_whose_events_are_being_recorded_by_shard(database_url):
    async with DistributedDatabase.opened(database_url, connections_max=4) as database:
        scenario = await set_up(database, 10**10)
        jobs = await post_for_both(scenario)
        await claim(scenario, FIRST, starts={"0": 0})
        later = START + CLAIM_SPAN + timedelta(seconds=1)
        async with scenario.database.transaction() as connection:
            portion = portion_of(encode_clicks(jobs[0], 4, START), begins=0)
            reply = await record_on(connection, scenario, FIRST, portion)
            assert reply.accepted == 4
            assert await count_events(scenario) == (4, 4, 4), "committed before the position"
            assert await claim(scenario, SECOND, at=later) == {}
        assert await claim(scenario, SECOND, at=later) == {"0": 4}


async def test_a_process_that_stops_in_the_middle_is_ended_by_the_server(scenario):
    """Otherwise a frozen one would keep its partition for as long as it is frozen."""
    await claim(scenario, FIRST, starts={"0": 0})
    async with scenario.database.transaction() as connection:
        await record_on(connection, scenario, FIRST, portion_of([], begins=0))
        found = await connection.execute("SHOW idle_in_transaction_session_timeout")
        assert await found.fetchone() == ("1min",)
    ((after,),) = await scenario.rows("SHOW idle_in_transaction_session_timeout")
    assert after == "0"


async def test_consumers_share_partitions_and_give_them_back(scenario):
    starts = {str(number): 0 for number in range(5)}
    assert set(await claim(scenario, FIRST, starts=starts)) == set(starts)
    assert await claim(scenario, SECOND) == {}
    first = await claim(scenario, FIRST)
    second = await claim(scenario, SECOND)
    assert (len(first), len(second), first.keys() & second.keys()) == (3, 2, set())
    async with scenario.database.transaction() as connection:
        await streams.leave(connection, stream="s", consumer=FIRST)
    assert set(await claim(scenario, SECOND)) == set(starts)
    # another stream has partitions and consumers of its own
    assert await claim(scenario, THIRD, starts={"0": 9}, stream="t") == {"0": 9}


async def test_a_partition_that_is_no_longer_named_is_read_by_nobody(scenario):
    """Otherwise a stream that is divided by subjects would also be read as a whole."""
    await claim(scenario, FIRST, starts={">": 3}, partitions=[">"])
    named = {"events.0": 1, "events.1": 1}
    assert await claim(scenario, FIRST, starts=named, partitions=named) == named


async def test_a_portion_without_messages_says_where_the_log_continues(scenario):
    await claim(scenario, FIRST, starts={"0": 3})
    portion = Portion(partition="0", first_offset=3, next_offset=5, messages=(), messages_waiting=0)
    assert await record(scenario, FIRST, portion) is None
    assert (await read_state(scenario)).next_offset == 5


async def test_messages_with_more_events_than_a_batch_are_recorded_in_parts():
    lines = b"\n".join(b'{"id":"%d"}' % number for number in range(20_000))
    events, count = await streams.read_events([Message(lines)] * 6)
    assert (len(events), count) == (40_000, 2)
    events, count = await streams.read_events(
        [Message(lines + b"\n" + lines + b"\n" + lines), Message(b"{}")]
    )
    assert (len(events), count) == (2, 2), "too many in one message are one event that cannot be read"


async def test_messages_of_one_shape_are_read_as_columns():
    messages = [Message(value) for value in encode_clicks(7, 4_000, START)]
    events, count = await streams.read_events(messages)
    assert (type(events).__name__, len(events), count) == ("ShapedEvents", 4_000, 4_000)
