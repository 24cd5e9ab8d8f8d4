"""Owns the values of previews of prices. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedJob:
    """A job of a contract, as far as its price depends on it, with the clicks that were charged since."""

    location: str
    job_function: str
    experience_level: str
    is_open: bool
    clicks_charged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """Jobs that would have had another price, and what their charged clicks would have cost more, or less."""

    before_micros: int
    after_micros: int
    jobs: int
    clicks: int

    @property
    def difference_micros(self) -> int:
        return (self.after_micros - self.before_micros) * self.clicks


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePreview:
    """Of the newest ``jobs`` that were posted in the last days. ``jobs_open`` keep the price at which they were posted."""

    days: int
    jobs: int
    jobs_open: int
    changes: tuple[PriceChange, ...]

    @property
    def jobs_changed(self) -> int:
        return sum(one.jobs for one in self.changes)

    @property
    def difference_micros(self) -> int:
        return sum(one.difference_micros for one in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HiringPricePreview:
    """What the credits that were used in the last days cost, and what they would have cost."""

    days: int
    present_micros: int
    uses: int
    paid_micros: int
    would_micros: int

    @property
    def difference_micros(self) -> int:
        return self.would_micros - self.paid_micros
