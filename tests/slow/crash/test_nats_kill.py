"""``kill -9`` of consumers, broker and database while a million events of a stream of NATS JetStream are read: each counts once."""

import asyncio
import logging
import random
import threading
import time

import nats.errors
import nats.js.errors
import pytest

from tests.deployment.streams.nats_server import NatsServer, make_stream, publish, start_nats
from tests.slow.crash.log_readers import check_everything, kill_until_read, now_ms, start_reader, write_event

EVENTS = 1_000_000
PORTION = 4_000
SUBJECTS = ("events.0", "events.1", "events.2", "events.3")
SECONDS_BETWEEN_KILLS = (1.0, 6.0)
log = logging.getLogger(__name__)

VICTIMS = ("consumer", "broker", "database")


class Publisher(threading.Thread):
    """Sends each portion until the broker has acknowledged all of it: what it had stored already is in the stream twice then."""

    def __init__(self, server: NatsServer, job_ids: list[int]) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._job_ids = job_ids
        self._time_ms = now_ms()
        self.sent = 0
        self.repeated = 0

    def run(self) -> None:
        asyncio.run(self._publish_all())

    async def _publish_all(self) -> None:
        while self.sent < EVENTS:
            try:
                async with self._server.connect() as stream:
                    while self.sent < EVENTS:
                        await self._publish(stream)
            except (nats.errors.Error, TimeoutError, OSError):
                self.repeated += 1

    async def _publish(self, stream) -> None:
        numbers = range(self.sent, min(self.sent + PORTION, EVENTS))
        subject = SUBJECTS[self.sent // PORTION % len(SUBJECTS)]
        values = [write_event(number, self._job_ids, self._time_ms) for number in numbers]
        await asyncio.wait_for(publish(stream, subject, values), 30)
        self.sent = numbers.stop


async def count_messages(server: NatsServer) -> int:
    async with server.connect() as stream:
        return (await stream.stream_info("EVENTS")).state.messages


async def prepare(server: NatsServer) -> None:
    async with server.connect() as stream:
        await make_stream(stream, "events.*")


@pytest.mark.slow
def test_a_million_events_count_once_each_whatever_is_killed(tmp_path):
    rng = random.Random(3)
    with start_nats(tmp_path / "nats") as server:
        asyncio.run(prepare(server))
        with start_reader(tmp_path, server.url(*SUBJECTS), consumers=2) as (reader, job_ids):
            time.sleep(1.1)  # so that every event's time is within the jobs' run
            begun_at = time.monotonic()
            publisher = Publisher(server, job_ids)
            publisher.start()
            # when one of them is killed again and again, until everything is read
            kill_until_read(
                reader,
                publisher,
                rng,
                events=EVENTS,
                others={"broker": server.kill_and_start},
                seconds_between=SECONDS_BETWEEN_KILLS,
                seconds_max=900,
            )
            messages = asyncio.run(count_messages(server))
            found = reader.wait_until_read(messages)
            seconds = time.monotonic() - begun_at
            log.info("%d messages, %.0f s, killed: %s", messages, seconds, dict(reader.killed))
            # then each message was read once, and each event counts once
            assert found == {"accepted": EVENTS, "duplicate": messages - EVENTS, "rejected": 0}
            assert set(reader.killed) == set(VICTIMS)
            check_everything(reader, job_ids, EVENTS)
