"""Owns a cluster of Kafka: the mock that is built into the library, which speaks the real protocol over real sockets. It keeps messages in
memory and drops old ones, so that a test feeds it only as fast as it is read. Does not own any expectation.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import Producer

TOPIC = "job-events"
PARTITIONS = ("0", "1", "2", "3")  # as many as the mock makes
SECONDS_MAX = 20


class KafkaCluster:
    """``address`` is that of its only broker."""

    def __init__(self) -> None:
        # The servers are replaced by those of the mock, which lives as long as this producer.
        self._producer = Producer(
            {"bootstrap.servers": "localhost", "test.mock.num.brokers": 1, "log_level": 0, "linger.ms": 2}
        )
        (broker,) = self._producer.list_topics(timeout=SECONDS_MAX).brokers.values()
        self.port = broker.port
        self.address = f"{broker.host}:{broker.port}"

    def make_topic(self, topic: str) -> None:
        """The mock makes a topic when it is asked for."""
        assert self._producer.list_topics(topic, timeout=SECONDS_MAX).topics[topic].partitions

    def publish(
        self,
        topic: str,
        partition: str,
        values: Sequence[bytes | None],
        headers: dict[str, str] | None = None,
    ) -> None:
        """Returns once the broker has acknowledged every message."""
        for value in values:
            self._producer.produce(topic, value, partition=int(partition), headers=headers)
            self._producer.poll(0)
        assert self._producer.flush(SECONDS_MAX) == 0


@contextmanager
def start_kafka() -> Iterator[KafkaCluster]:
    yield KafkaCluster()
