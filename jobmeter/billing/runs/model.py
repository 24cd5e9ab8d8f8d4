"""Owns the values of runs. Pure."""

from dataclasses import dataclass

from jobmeter.billing.invoices.model import Hold, MonthProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """What the issued invoices of a month ask for in one currency, and what became of it."""

    currency: str
    invoices: int
    total_micros: int
    credited_micros: int
    paid_micros: int

    @property
    def open_micros(self) -> int:
        return self.total_micros - self.credited_micros - self.paid_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRun:
    """How far a month is billed, and which accounts are held, with the reason."""

    progress: MonthProgress
    held: tuple[Hold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """What one request billed. ``has_more`` asks for another one."""

    run: MonthRun
    billed_now: int
    has_more: bool
