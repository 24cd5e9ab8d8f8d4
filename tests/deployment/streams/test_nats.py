"""Events from a stream of NATS JetStream, read from a real server."""

import msgspec
import pytest
from nats.js.api import RetentionPolicy

from jobmeter.base.clock import read_machine_clock
from jobmeter.consumer.protocol import LogUnusableError
from jobmeter.metering.streams.model import CLAIM_SPAN
from tests.deployment.streams.nats_server import STREAM, make_stream, publish, start_nats
from tests.deployment.streams.reading import (
    BUDGET_MICROS,
    Readings,
    count_events,
    count_outcomes,
    encode,
    encode_clicks,
    open_now,
    read_owners,
    read_states,
    wait_for_offset,
    wait_until,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with start_nats(tmp_path_factory.mktemp("nats")) as started:
        yield started


@pytest.fixture
async def stream(server):
    async with server.connect() as connected:
        await make_stream(connected, "events.*")
        yield connected
        await connected.delete_stream(STREAM)


@pytest.fixture
async def scenario(database_url):
    async with open_now(database_url) as opened:
        yield opened


@pytest.fixture
async def readings(scenario, server):
    begun = Readings(scenario.database, server.url())
    yield begun
    await begun.end_all()


async def post(scenario):
    now = read_machine_clock()
    return await scenario.post("a", now=now, budget_micros=BUDGET_MICROS), now


async def test_each_message_counts_once(scenario, stream, readings):
    job_id, now = await post(scenario)
    await publish(stream, "events.0", encode_clicks(job_id, 300, now))
    readings.begin()
    await wait_for_offset(scenario.database, ">", 301)
    # one that comes while it is read, one that comes again, and one that cannot be read
    later = [encode(job_id, "later", now), encode(job_id, "c1", now), b"{nothing"]
    await publish(stream, "events.0", later)
    await wait_for_offset(scenario.database, ">", 304)
    assert await count_outcomes(scenario.database) == {"accepted": 301, "duplicate": 1, "rejected": 1}
    assert await count_events(scenario) == (301, 301, 301)
    assert (await read_states(scenario.database))[">"].messages_waiting == 0
    ((verdict,),) = await scenario.rows("SELECT message FROM refused_events")
    assert "malformed" in verdict
    assert await scenario.breaches() == []


async def test_a_consumer_begins_where_another_one_was_killed(scenario, stream, readings):
    job_id, now = await post(scenario)
    first = readings.begin()
    await publish(stream, "events.0", encode_clicks(job_id, 50, now))
    await wait_for_offset(scenario.database, ">", 51)
    await first.kill()
    await publish(stream, "events.0", encode_clicks(job_id, 50, now, prefix="d"))
    assert await read_owners(scenario) == {">": first.consumer}
    second = readings.begin(ahead=2 * CLAIM_SPAN)
    await wait_for_offset(scenario.database, ">", 101)
    assert await read_owners(scenario) == {">": second.consumer}
    # nothing was read twice
    assert await count_outcomes(scenario.database) == {"accepted": 100, "duplicate": 0, "rejected": 0}


async def test_one_that_ends_leaves_its_partitions_to_others_at_once(scenario, stream, server):
    readings = Readings(scenario.database, server.url("events.0", "events.1"))
    first = readings.begin()
    await wait_until(lambda: has_owners(scenario, {first.consumer}, 2))
    second = readings.begin()
    await wait_until(lambda: has_owners(scenario, {first.consumer, second.consumer}, 2))
    await first.end()
    await wait_until(lambda: has_owners(scenario, {second.consumer}, 2))
    await second.end()
    assert await read_owners(scenario) == {"events.0": None, "events.1": None}


async def has_owners(scenario, consumers, partitions):
    owners = await read_owners(scenario)
    return set(owners.values()) == consumers and len(owners) == partitions


async def test_each_subject_is_a_partition_with_a_place_of_its_own(scenario, stream, server):
    job_id, now = await post(scenario)
    readings = Readings(scenario.database, server.url("events.0", "events.1"))
    first, second = readings.begin(), readings.begin()
    for number in range(4):
        values = encode_clicks(job_id, 30, now, prefix=f"p{number}-")
        await publish(stream, f"events.{number % 2}", values)
    await wait_for_offset(scenario.database, "events.0", 91)
    await wait_for_offset(scenario.database, "events.1", 121)
    await wait_until(lambda: has_owners(scenario, {first.consumer, second.consumer}, 2))
    await readings.end_all()
    assert await count_outcomes(scenario.database) == {"accepted": 120, "duplicate": 0, "rejected": 0}


async def test_the_server_is_killed_and_comes_back(scenario, tmp_path):
    job_id, now = await post(scenario)
    with start_nats(tmp_path / "nats") as server:
        readings = Readings(scenario.database, server.url())
        async with server.connect() as stream:
            await make_stream(stream, "events.*")
            await publish(stream, "events.0", encode_clicks(job_id, 40, now))
        readings.begin()
        await wait_for_offset(scenario.database, ">", 41)
        server.kill_and_start()
        async with server.connect() as stream:
            await publish(stream, "events.0", encode_clicks(job_id, 40, now, prefix="d"))
        await wait_for_offset(scenario.database, ">", 81)
        await readings.end_all()
    assert await count_outcomes(scenario.database) == {"accepted": 80, "duplicate": 0, "rejected": 0}


async def test_reading_may_begin_at_the_end(scenario, stream, readings):
    job_id, now = await post(scenario)
    await publish(stream, "events.0", encode_clicks(job_id, 40, now))
    readings.begin(stream_start="end")
    await wait_for_offset(scenario.database, ">", 41)
    await publish(stream, "events.0", encode_clicks(job_id, 2, now, prefix="d"))
    await wait_for_offset(scenario.database, ">", 43)
    assert await count_outcomes(scenario.database) == {"accepted": 2, "duplicate": 0, "rejected": 0}


async def test_a_log_that_was_made_again_is_not_read_from_the_middle(scenario, stream, readings):
    job_id, now = await post(scenario)
    await publish(stream, "events.0", encode_clicks(job_id, 40, now))
    first = readings.begin()
    await wait_for_offset(scenario.database, ">", 41)
    await first.end()
    await stream.delete_stream(STREAM)
    await make_stream(stream, "events.*")
    await publish(stream, "events.0", encode_clicks(job_id, 3, now, prefix="d"))
    with pytest.raises(LogUnusableError, match="ends at 4: it was made again"):
        await readings.begin().task


async def test_a_queue_is_refused(scenario, stream, readings):
    await stream.delete_stream(STREAM)
    await make_stream(stream, "events.*", retention=RetentionPolicy.WORK_QUEUE)
    with pytest.raises(LogUnusableError, match="is a queue"):
        await readings.begin().task


async def test_what_the_log_no_longer_has_is_said_and_reading_continues(scenario, stream, readings, caplog):
    job_id, now = await post(scenario)
    await publish(stream, "events.0", encode_clicks(job_id, 40, now))
    first = readings.begin()
    await wait_for_offset(scenario.database, ">", 41)
    await first.end()
    await publish(stream, "events.0", encode_clicks(job_id, 10, now, prefix="d"))
    await stream.purge_stream(STREAM, keep=4)
    readings.begin()
    await wait_for_offset(scenario.database, ">", 51)
    assert (await count_outcomes(scenario.database))["accepted"] == 44
    assert "the log begins at 47, and was read up to 41: what was between is lost" in caplog.text


CLOUD = {"specversion": "1.0", "type": "com.example.applyClick", "source": "board"}


async def test_messages_have_every_form_that_a_batch_may_have(scenario, stream, readings):
    job_id, now = await post(scenario)
    lines = b"\n".join(encode_clicks(job_id, 3, now, prefix="lines"))
    array = b"[" + b",".join(encode_clicks(job_id, 3, now, prefix="array")) + b"]"
    await publish(stream, "events.0", [lines, array])
    event = {**CLOUD, "id": "c-1", "time": now.isoformat(), "subject": str(job_id), "data": {"visitor": "a"}}
    structured = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    await publish(stream, "events.0", [msgspec.json.encode(event)], structured)
    named = {f"ce-{name}": text for name, text in (event | {"id": "c-2"}).items() if name != "data"}
    await publish(stream, "events.0", [b'{"visitor": "b"}'], named | {"content-type": "application/json"})
    readings.begin()
    await wait_for_offset(scenario.database, ">", 5)
    assert await count_outcomes(scenario.database) == {"accepted": 8, "duplicate": 0, "rejected": 0}
