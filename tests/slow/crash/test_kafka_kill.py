"""``kill -9`` of consumers and database, and connections to the broker cut, while a topic of Kafka is read: each event counts once."""

import logging
import random
import threading
import time

import pytest

from tests.deployment.streams.cutting_proxy import start_proxy
from tests.deployment.streams.kafka_cluster import PARTITIONS, TOPIC, KafkaCluster, start_kafka
from tests.slow.crash.log_readers import (
    Reader,
    check_everything,
    kill_until_read,
    now_ms,
    start_reader,
    write_event,
)

EVENTS = 300_000
PORTION = 1_000
# The cluster keeps a few thousand messages of a partition: it is fed as fast as it is read.
AHEAD_MAX = 12_000
SECONDS_BETWEEN_KILLS = (0.5, 3.0)
VICTIMS = ("consumer", "database", "connections")

log = logging.getLogger(__name__)


class Publisher(threading.Thread):
    def __init__(self, cluster: KafkaCluster, reader: Reader, job_ids: list[int]) -> None:
        super().__init__(daemon=True)
        self._cluster = cluster
        self._reader = reader
        self._job_ids = job_ids

    def run(self) -> None:
        time_ms = now_ms()
        for first in range(0, EVENTS, PORTION):
            while first - self._reader.count().total() > AHEAD_MAX:
                time.sleep(0.1)
            values = [write_event(number, self._job_ids, time_ms) for number in range(first, first + PORTION)]
            self._cluster.publish(TOPIC, PARTITIONS[first // PORTION % len(PARTITIONS)], values)


@pytest.mark.slow
def test_every_event_counts_once_whatever_is_killed_or_cut(tmp_path):
    rng = random.Random(5)
    with start_kafka() as cluster, start_proxy(cluster.port) as proxy:
        cluster.make_topic(TOPIC)
        url = f"kafka://{proxy.address}/{TOPIC}"
        with start_reader(tmp_path, url, consumers=2) as (reader, job_ids):
            time.sleep(1.1)  # so that every event's time is within the jobs' run
            begun_at = time.monotonic()
            publisher = Publisher(cluster, reader, job_ids)
            publisher.start()
            # when one of them is killed, or cut off, again and again, until everything is read
            kill_until_read(
                reader,
                publisher,
                rng,
                events=EVENTS,
                others={"connections": lambda: proxy.cut() > 0},
                seconds_between=SECONDS_BETWEEN_KILLS,
                seconds_max=600,
            )
            found = reader.wait_until_read(EVENTS)
            log.info("%.0f s, killed: %s", time.monotonic() - begun_at, dict(reader.killed))
            # then each message was read once, and each event counts once
            assert found == {"accepted": EVENTS, "duplicate": 0, "rejected": 0}
            assert set(reader.killed) == set(VICTIMS)
            check_everything(reader, job_ids, EVENTS)
