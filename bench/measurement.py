"""Owns the values of a benchmark: figures, runs with their limits, and the sizes of a run.

Does not own how figures are measured or shown.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sizes:
    """The scale of a run.

    A round of intake has ``batches`` from each sender: it has a beginning and an end, when a sender is alone, and with few
    batches these would be much of it.
    """

    jobs: int = 100_000
    batch_events: int = 10_000
    batches: int = 60
    explained_batches: int = 8
    senders: int = 2
    runs: int = 5


LARGE = Sizes(explained_batches=60)


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of each run and the limit measured with it; no limits if they would not be meaningful.

    ``note`` states the size, if it can be chosen, or why there are no runs.
    """

    runs: tuple[float, ...]
    limits: tuple[float, ...] = ()
    note: str = ""

    @property
    def value(self) -> float | None:
        return median(self.runs) if self.runs else None

    @property
    def limit(self) -> float | None:
        return median(self.limits) if self.limits else None

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.value is not None and self.limit else None


@dataclass(frozen=True, slots=True)
class Figure:
    """``limited_by`` describes the limit; ``target`` is for the ratio to it, or for the value if there is none.

    ``is_large`` figures need much data, ``is_peer`` ones another program. If ``is_cost``, less is better.
    """

    name: str
    unit: str
    group: str
    limited_by: str = ""
    target: float | None = None
    is_large: bool = False
    is_peer: bool = False
    is_cost: bool = False

    def is_met(self, measured: Measured) -> bool | None:
        """Whether the target is met; ``None`` without a target or a measurement."""
        found = measured.ratio if self.limited_by else measured.value
        if self.target is None or found is None:
            return None
        return found <= self.target if self.is_cost else found >= self.target
