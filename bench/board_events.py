"""Owns the batches of events that senders post: power-law or even popularity, increasing times, no duplicates.

Does not own sending them. Each batch is made once and sent once.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from bench.event_days import make_keys
from jobmeter.database.arrays import Column
from jobmeter.database.columns import shards_of
from jobmeter.metering.model import StoredEvents

BATCH_SPAN_MS = 1_000
VISITORS = 50_000
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36",
)
AGENT_VERSIONS = range(100, 150)


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one sender, a share ``click_share`` of them apply clicks and the others views.

    If ``is_uniform``, each job is as likely as any other: a batch touches as many jobs as it can. Each batch has its own ``number``, so batches never repeat.
    """

    sender: int
    job_ids: Column
    first_ms: int
    batch_events: int
    click_share: float = 1.0
    is_uniform: bool = False

    def make_bodies(self, first_number: int, count: int) -> list[bytes]:
        """Returns JSON arrays, as a job board would send them."""
        encoder = msgspec.json.Encoder()
        return [encoder.encode(self._make_events(first_number + step)) for step in range(count)]

    def make_copies(self, first_number: int, count: int) -> list[bytes]:
        """Returns rows in the format and number that intake stores, ready for COPY."""
        return [self._make_rows(first_number + step) for step in range(count)]

    def _sample(self, number: int) -> tuple[np.random.Generator, Column, Column]:
        rng = np.random.default_rng([self.sender, number])
        jobs = self.job_ids[self._choose_ranks(rng)]
        first_ms = self.first_ms + number * BATCH_SPAN_MS
        times = first_ms + np.sort(rng.integers(0, BATCH_SPAN_MS, self.batch_events))
        return rng, jobs, times

    def _choose_ranks(self, rng: np.random.Generator) -> Column:
        ranks: Column
        if self.is_uniform:
            ranks = rng.integers(0, len(self.job_ids), self.batch_events)
            return ranks
        # Zipf distribution with exponent 1: the first of 50,000 jobs receives a tenth of the clicks.
        weights = np.cumsum(1.0 / np.arange(1, len(self.job_ids) + 1))
        ranks = np.searchsorted(weights, rng.random(self.batch_events) * weights[-1])
        return ranks

    def _make_events(self, number: int) -> list[dict[str, object]]:
        rng, jobs, times = self._sample(number)
        visitors = rng.integers(0, VISITORS, self.batch_events)
        clicks = rng.random(self.batch_events) < self.click_share
        agents = [text.format(version) for text in AGENTS for version in AGENT_VERSIONS]
        return [
            {
                "source": f"board-{self.sender}",
                "id": f"{number}-{row}",
                "type": "applyClick" if is_click else "view",
                "time": time_ms,
                "job": job_id,
                "visitor": f"visitor-{visitor}",
                "userAgent": agents[visitor % len(agents)],
                "address": _make_address(visitor),
            }
            for row, (time_ms, job_id, visitor, is_click) in enumerate(
                zip(times.tolist(), jobs.tolist(), visitors.tolist(), clicks.tolist(), strict=True)
            )
        ]

    def _make_rows(self, number: int) -> bytes:
        rng, jobs, times = self._sample(number)
        keys = make_keys(rng, times)
        visitors, addresses = rng.integers(0, 1 << 62, (2, self.batch_events))
        return StoredEvents(
            shards=shards_of(jobs),
            keys=keys.view("V16").reshape(-1),
            job_ids=jobs,
            kinds=np.ones(self.batch_events, dtype=np.int64),
            verdicts=np.zeros(self.batch_events, dtype=np.int64),
            visitors=visitors,
            addresses=addresses,
            batches=np.full(self.batch_events, number),
        ).copy_body()


def _make_address(visitor: int) -> str:
    if visitor % 3 == 0:
        return f"2001:db8:{visitor % 4096:x}:1::{visitor:x}"
    return f"203.{visitor % 97}.{visitor % 211}.{visitor % 251}"
