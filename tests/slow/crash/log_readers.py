"""Owns an installation that reads a log: its database, its consumers, and killing either; and what must be there in the end.

Does not own the log or any moment of a kill.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import psycopg

from jobmeter.base.clock import read_machine_clock, to_ms
from jobmeter.database.embedded import EmbeddedServer, start_embedded
from tests.deployment.serving import KEYS
from tests.deployment.streams.reading import BUDGET_MICROS, open_now
from tests.slow.crash.test_kill import broken_laws
from tests.support.server_process import WHOLE

JOBS = 20
PATIENCE_SECONDS = 420


class Reader:
    """Consumers of one log and their database, each a process that may be killed at any moment."""

    def __init__(self, folder: Path, stream_url: str) -> None:
        self.folder = folder
        self.database: EmbeddedServer = start_embedded(folder / "data")
        self.killed: Counter[str] = Counter()
        self._stream_url = stream_url
        self._consumers: list[subprocess.Popen[bytes]] = []

    def start_consumer(self) -> None:
        settings = os.environ | KEYS | {"JOBMETER_DATABASE_URL": self.database.url}
        settings |= {"JOBMETER_STREAM_URL": self._stream_url, "JOBMETER_STREAM_NAME": "log"}
        with (self.folder / "consumers.log").open("ab") as log:
            self._consumers.append(
                subprocess.Popen([*WHOLE, "consume"], stdout=log, stderr=log, env=settings)
            )

    def kill_consumer(self, number: int) -> None:
        """Sends ``kill -9`` to one, and starts another."""
        consumer = self._consumers.pop(number % len(self._consumers))
        consumer.kill()
        consumer.wait()
        self.start_consumer()
        self.killed["consumer"] += 1

    def kill_database(self) -> None:
        """Sends ``kill -9`` to the postmaster, and starts it again."""
        lock = self.database.folder / "postmaster.pid"
        os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)
        self.database.start_again()
        self.killed["database"] += 1

    def count(self) -> Counter[str]:
        """The events of all partitions by outcome, and the messages that were read; nothing while the database is away."""
        try:
            with psycopg.connect(self.database.url) as connection:
                row = connection.execute(
                    "SELECT sum(accepted)::bigint, sum(duplicate)::bigint, sum(rejected)::bigint FROM stream_positions"
                ).fetchone()
        except psycopg.OperationalError:
            row = None
        found = row or (0, 0, 0)
        return Counter(
            dict(zip(("accepted", "duplicate", "rejected"), (one or 0 for one in found), strict=True))
        )

    def wait_until_read(self, messages: int) -> Counter[str]:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while (found := self.count()).total() < messages:
            assert time.monotonic() < give_up_at, (
                found,
                (self.folder / "consumers.log").read_text()[-4_000:],
            )
            time.sleep(0.2)
        return found

    def stop(self) -> None:
        for consumer in self._consumers:
            consumer.terminate()
        for consumer in self._consumers:
            consumer.wait(30)
        self.database.stop()


@contextmanager
def start_reader(folder: Path, stream_url: str, *, consumers: int) -> Iterator[tuple[Reader, list[int]]]:
    """Yields it with the jobs whose events it will read."""
    reader = Reader(folder, stream_url)
    try:
        job_ids = asyncio.run(_post_jobs(reader.database.url))
        for _ in range(consumers):
            reader.start_consumer()
        yield reader, job_ids
    finally:
        reader.stop()


async def _post_jobs(database_url: str) -> list[int]:
    async with open_now(database_url) as scenario:
        now = read_machine_clock()
        return [
            await scenario.post(str(number), now=now, budget_micros=BUDGET_MICROS) for number in range(JOBS)
        ]


def choose_victims(rng: Random, names: Sequence[str]) -> Iterator[str]:
    """Each of them in every round, in another order."""
    while True:
        yield from rng.sample(names, len(names))


def kill_until_read(
    reader: Reader,
    publisher: Thread,
    rng: Random,
    *,
    events: int,
    others: Mapping[str, Callable[[], bool]],
    seconds_between: tuple[float, float],
    seconds_max: float,
) -> None:
    """Kills a consumer, the database, or one of ``others``, again and again until everything was sent and read.

    Each of ``others`` returns whether there was anything to kill.
    """
    give_up_at = time.monotonic() + seconds_max
    victims = choose_victims(rng, ("consumer", "database", *others))
    while publisher.is_alive() or reader.count()["accepted"] < events:
        time.sleep(rng.uniform(*seconds_between))
        victim = next(victims)
        if victim == "consumer":
            reader.kill_consumer(rng.randrange(2))
        elif victim == "database":
            reader.kill_database()
        elif others[victim]():
            reader.killed[victim] += 1
        assert time.monotonic() < give_up_at, reader.count()


def is_click(number: int) -> bool:
    return number % 4 > 0


def write_event(number: int, job_ids: Sequence[int], time_ms: int) -> bytes:
    """Event ``number``, the same bytes whenever it is sent."""
    kind, job_id = "applyClick" if is_click(number) else "view", job_ids[number % JOBS]
    return (
        f'{{"source":"board","id":"e-{number}","type":"{kind}","job":{job_id},"time":{time_ms},"visitor":"v{number}"}}'
    ).encode()


def now_ms() -> int:
    return to_ms(read_machine_clock())


def check_everything(reader: Reader, job_ids: Sequence[int], events: int) -> None:
    """Each event is stored once, counted once and charged once, and every law of the money holds."""
    expected: Counter[tuple[int, str]] = Counter()
    for number in range(events):
        expected[job_ids[number % JOBS], "clicks" if is_click(number) else "views"] += 1
    with psycopg.connect(reader.database.url) as connection:
        stored: Any = connection.execute("SELECT count(*), count(DISTINCT event_key) FROM events").fetchone()
        rows = connection.execute(
            "SELECT job_id, sum(views)::bigint, sum(apply_clicks)::bigint, sum(clicks_charged)::bigint"
            " FROM job_day_sums GROUP BY job_id"
        ).fetchall()
    assert stored == (events, events)
    assert {job_id: (views, clicks) for job_id, views, clicks, _ in rows} == {
        job_id: (expected[job_id, "views"], expected[job_id, "clicks"]) for job_id in job_ids
    }
    assert all(charged == clicks for _, _, clicks, charged in rows)
    assert asyncio.run(broken_laws(reader.database.url)) == []
