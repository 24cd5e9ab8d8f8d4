"""Owns the values of a benchmark: a figure, its runs beside their limit, the sizes that scale a run.

Does not own how anything is measured, or how it is shown.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. The whole bench stays under four minutes with the usual ones."""

    jobs: int = 100_000
    batch_events: int = 10_000
    batches: int = 8
    senders: int = 2
    runs: int = 5


LARGE = Sizes(batches=60)


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of each run, and what the machine could do at most right beside each; none where that says nothing.

    ``note`` tells of what size it is, where that can be chosen.
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
    """``target`` is for the ratio; ``limited_by`` says what the limit is. ``is_large`` ones need much data.
    Of one that ``is_cost`` the ratio is to stay below its target.
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
