"""Owns the values of a benchmark: figures, runs with their limits, and the sizes of a run.

Does not own how figures are measured or shown.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sizes:
    """The scale of a run. With the defaults the whole benchmark takes less than four minutes."""

    jobs: int = 100_000
    batch_events: int = 10_000
    batches: int = 8
    senders: int = 2
    runs: int = 5


LARGE = Sizes(batches=60)


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of each run and the limit measured with it; no limits if they would not be meaningful.

    ``note`` states the size, if it can be chosen.
    """

    runs: tuple[float, ...]
    limits: tuple[float, ...] = ()
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.runs)

    @property
    def limit(self) -> float | None:
        return median(self.limits) if self.limits else None

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None


@dataclass(frozen=True, slots=True)
class Figure:
    """``target`` is for the ratio; ``limited_by`` describes the limit. ``is_large`` figures need much data.
    If ``is_cost``, the ratio should stay below the target.
    """

    name: str
    unit: str
    group: str
    limited_by: str = ""
    target: float | None = None
    is_large: bool = False
    is_cost: bool = False

    def is_missed(self, ratio: float | None) -> bool:
        if self.target is None:
            return False
        return (ratio or 0) > self.target if self.is_cost else (ratio or 0) < self.target
