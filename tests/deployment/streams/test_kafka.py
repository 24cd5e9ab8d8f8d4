"""Events from a topic of Kafka, read from the cluster that is built into the library."""

import asyncio
from uuid import uuid4

import msgspec
import pytest

from jobmeter.base.clock import read_machine_clock
from jobmeter.consumer.addresses import read_address
from jobmeter.consumer.kafka_log import open_kafka
from jobmeter.consumer.protocol import LogUnavailableError, LogUnusableError
from jobmeter.metering.streams.model import CLAIM_SPAN
from tests.deployment.streams.cutting_proxy import start_proxy
from tests.deployment.streams.kafka_cluster import PARTITIONS, start_kafka
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
def cluster():
    with start_kafka() as started:
        yield started


@pytest.fixture
def topic(cluster):
    name = f"events-{uuid4().hex[:8]}"
    cluster.make_topic(name)
    return name


@pytest.fixture
async def scenario(database_url):
    async with open_now(database_url) as opened:
        yield opened


@pytest.fixture
async def readings(scenario, cluster, topic):
    begun = Readings(scenario.database, f"kafka://{cluster.address}/{topic}")
    yield begun
    await begun.end_all()


async def post(scenario):
    now = read_machine_clock()
    return await scenario.post("a", now=now, budget_micros=BUDGET_MICROS), now


async def test_each_message_counts_once(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    for partition in PARTITIONS:
        cluster.publish(topic, partition, encode_clicks(job_id, 100, now, prefix=f"p{partition}-"))
    readings.begin()
    for partition in PARTITIONS:
        await wait_for_offset(scenario.database, partition, 100)
    later = [encode(job_id, "later", now), encode(job_id, "p1-1", now), b"{nothing", None]
    cluster.publish(topic, "2", later)
    await wait_for_offset(scenario.database, "2", 104)
    assert await count_outcomes(scenario.database) == {"accepted": 401, "duplicate": 1, "rejected": 2}
    assert await count_events(scenario) == (401, 401, 401)
    states = await read_states(scenario.database)
    assert {name: (one.next_offset, one.messages_waiting) for name, one in states.items()} == {
        "0": (100, 0),
        "1": (100, 0),
        "2": (104, 0),
        "3": (100, 0),
    }
    assert await scenario.breaches() == []


async def test_a_consumer_begins_where_another_one_was_killed(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    first = readings.begin()
    cluster.publish(topic, "3", encode_clicks(job_id, 50, now))
    await wait_for_offset(scenario.database, "3", 50)
    await first.kill()
    cluster.publish(topic, "3", encode_clicks(job_id, 50, now, prefix="d"))
    second = readings.begin(ahead=2 * CLAIM_SPAN)
    await wait_for_offset(scenario.database, "3", 100)
    assert set((await read_owners(scenario)).values()) == {second.consumer}
    assert await count_outcomes(scenario.database) == {"accepted": 100, "duplicate": 0, "rejected": 0}


async def test_consumers_share_partitions_while_messages_come(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    first, second = readings.begin(), readings.begin()
    for number in range(10):
        for partition in PARTITIONS:
            prefix = f"p{partition}-{number}-"
            values = encode_clicks(job_id, 10, now, prefix=prefix)
            await asyncio.to_thread(cluster.publish, topic, partition, values)
        await asyncio.sleep(0.1)
    for partition in PARTITIONS:
        await wait_for_offset(scenario.database, partition, 100)
    await wait_until(lambda: are_shared(scenario, first.consumer, second.consumer))
    assert await count_outcomes(scenario.database) == {"accepted": 400, "duplicate": 0, "rejected": 0}


async def are_shared(scenario, first, second):
    owners = list((await read_owners(scenario)).values())
    return owners.count(first) == owners.count(second) == 2


async def test_connections_are_cut_while_messages_come(scenario, cluster, topic):
    job_id, now = await post(scenario)
    with start_proxy(cluster.port) as proxy:
        readings = Readings(scenario.database, f"kafka://{proxy.address}/{topic}")
        readings.begin()
        for number in range(8):
            values = encode_clicks(job_id, 200, now, prefix=f"{number}-")
            await asyncio.to_thread(cluster.publish, topic, PARTITIONS[number % 4], values)
            await asyncio.sleep(0.15)
            proxy.cut()
        for partition in PARTITIONS:
            await wait_for_offset(scenario.database, partition, 400)
        await readings.end_all()
        assert proxy.cuts >= 4
    assert await count_outcomes(scenario.database) == {"accepted": 1_600, "duplicate": 0, "rejected": 0}


async def test_reading_may_begin_at_the_end(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    cluster.publish(topic, "0", encode_clicks(job_id, 40, now))
    readings.begin(stream_start="end")
    await wait_for_offset(scenario.database, "0", 40)
    cluster.publish(topic, "0", encode_clicks(job_id, 2, now, prefix="d"))
    await wait_for_offset(scenario.database, "0", 42)
    assert await count_outcomes(scenario.database) == {"accepted": 2, "duplicate": 0, "rejected": 0}


async def test_a_log_that_ends_before_its_position_is_not_read(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    cluster.publish(topic, "0", encode_clicks(job_id, 3, now))
    first = readings.begin()
    await wait_for_offset(scenario.database, "0", 3)
    await first.end()
    await scenario.execute("UPDATE stream_positions SET next_offset = 9 WHERE partition = '0'")
    with pytest.raises(LogUnusableError, match="partition 0 was read up to 9, and the log ends at 3"):
        await readings.begin().task


async def test_one_look_brings_so_many_bytes_and_messages(cluster, topic):
    cluster.publish(topic, "0", [b"x" * 5_000] * 200 + [b"x"] * 200)
    address = read_address(f"kafka://{cluster.address}/{topic}")
    opened = await open_kafka(address, messages_max=120, bytes_max=300_000)
    looks, offsets = [], []
    try:
        await opened.assign({"0": 0})
        async with asyncio.timeout(30):
            while len(offsets) < 400:
                (portion,) = await opened.fetch()
                found = [one.offset for one in portion.messages]
                looks.append((min(found, default=0), len(found)))
                offsets += found
    finally:
        await opened.close()
    assert offsets == list(range(400))
    # Fifty at a time: the second fifty of the long ones are more than a look may bring.
    assert max(count for first, count in looks if first < 150) <= 100
    assert max(count for _, count in looks) <= 120


async def test_why_a_broker_cannot_be_reached_is_said():
    opened = await open_kafka(read_address("kafka://127.0.0.1:1/events"), answer_seconds_max=1)
    with pytest.raises(LogUnavailableError, match="Connection refused"):
        await opened.list_partitions()
    await opened.close()


async def test_a_topic_that_is_not_there_yet_is_read_when_it_is(scenario, cluster, caplog):
    readings = Readings(scenario.database, f"kafka://{cluster.address}/{'x' * 250}")
    readings.begin()
    await wait_until(lambda: is_logged(caplog, "the log cannot be read: the topic"))
    await readings.end_all()


async def is_logged(caplog, text):
    return text in caplog.text


async def test_cloud_events_may_be_in_headers(scenario, cluster, topic, readings):
    job_id, now = await post(scenario)
    about = {"ce_specversion": "1.0", "ce_type": "org.view", "ce_source": "board", "ce_subject": str(job_id)}
    named = about | {"ce_id": "c-1", "ce_time": now.isoformat(), "content-type": "application/json"}
    cluster.publish(topic, "0", [b'{"visitor": "a"}'], named)
    event = {name.removeprefix("ce_"): text for name, text in about.items()}
    event |= {"id": "c-2", "time": now.isoformat(), "data": {"visitor": "b"}}
    media = {"content-type": "application/cloudevents+json"}
    cluster.publish(topic, "0", [msgspec.json.encode(event)], media)
    readings.begin()
    await wait_for_offset(scenario.database, "0", 2)
    assert await count_outcomes(scenario.database) == {"accepted": 2, "duplicate": 0, "rejected": 0}
