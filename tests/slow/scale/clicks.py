"""Owns a stream of apply clicks, a share of which is repeated, and its expected counts.

A batch of a sender has new clicks and repeats: of the batch that the other sender is sending at that moment,
and of its own previous batch. Everything follows from the seed, so that the whole stream need not be stored.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from jobmeter.database.arrays import Column

SENDERS = 2
VISITORS = 5_000_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Stream:
    """``batches`` batches for each sender, of ``rows`` clicks, ``repeated`` of them repeats (an even number)."""

    job_ids: Column
    first_ms: int
    span_ms: int
    batches: int
    rows: int
    repeated: int

    @property
    def fresh(self) -> int:
        return self.rows - self.repeated

    @property
    def distinct(self) -> int:
        return SENDERS * self.batches * self.fresh

    def sample(self, sender: int, number: int) -> tuple[Column, Column, Column]:
        """Returns job positions, times and visitors of a batch's new clicks."""
        rng = np.random.default_rng([sender, number])
        # The first of 20,000 jobs receives a tenth of the clicks.
        weights = np.cumsum(1.0 / np.arange(1, len(self.job_ids) + 1))
        jobs = np.searchsorted(weights, rng.random(self.fresh) * weights[-1])
        part_ms = self.span_ms // self.batches
        times = self.first_ms + number * part_ms + np.sort(rng.integers(0, part_ms, self.fresh))
        return jobs, times, rng.integers(1, VISITORS, self.fresh)

    def make_body(self, sender: int, number: int) -> bytes:
        events = self._make_events(sender, number, np.arange(self.fresh))
        rng = np.random.default_rng([SENDERS + sender, number])
        sources = [(1 - sender, number), (sender, max(0, number - 1))]
        for other, before in sources:
            rows = rng.choice(self.fresh, self.repeated // 2, replace=False)
            events += self._make_events(other, before, rows)
        rng.shuffle(events)
        return msgspec.json.encode(events)

    def _make_events(self, sender: int, number: int, rows: Column) -> list[dict[str, object]]:
        jobs, times, visitors = self.sample(sender, number)
        return [
            {
                "source": f"board-{sender}",
                "id": f"{number}-{row}",
                "type": "applyClick",
                "time": time_ms,
                "job": job_id,
                "visitor": f"v{visitor}",
            }
            for row, time_ms, job_id, visitor in zip(
                rows.tolist(),
                times[rows].tolist(),
                self.job_ids[jobs[rows]].tolist(),
                visitors[rows].tolist(),
                strict=True,
            )
        ]

    # -- expected counts

    def count(self) -> tuple[Column, int]:
        """Returns distinct clicks by job position, and how many repeat their visitor's click on the job that day."""
        samples = [self.sample(sender, number) for sender in range(SENDERS) for number in range(self.batches)]
        jobs, times, visitors = (np.concatenate([one[part] for one in samples]) for part in range(3))
        clicks = np.bincount(jobs, minlength=len(self.job_ids))
        days = times // DAY_MS - self.first_ms // DAY_MS
        firsts = np.unique((jobs * 2 + days) * VISITORS + visitors)
        return clicks, len(jobs) - len(firsts)
