"""Owns the values of a chart: days in order, curves over them, and their unit. Pure.

The figures of the last days may be estimates. Amounts are integers; only positions in a picture are fractions.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Shape(StrEnum):
    BARS = "bars"
    LINES = "lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """``size`` is how many of a value are one unit: 1,000,000 for micros. Figures have at least ``digits`` decimal places."""

    name: str
    size: int = 1
    digits: int = 0

    def format(self, value: int) -> str:
        """Returns the figure without its unit: ``1,250.00``. What is finer than ``digits`` is shown in full."""
        sign = "-" if value < 0 else ""
        whole, rest = divmod(abs(value), self.size)
        decimals = f"{rest:0{len(str(self.size)) - 1}d}" if self.size > 1 else ""
        kept = decimals[: max(self.digits, len(decimals.rstrip("0")))]
        return f"{sign}{whole:,}.{kept}" if kept else f"{sign}{whole:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A value for each day. A reference, such as an even pace, is shown behind the others."""

    name: str
    values: tuple[int, ...]
    is_reference: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars show one curve, lines any number. The days from the index ``estimated_from`` on are estimates."""

    title: str
    days: tuple[date, ...]
    curves: tuple[Curve, ...]
    estimated_from: int
    unit: Unit
    shape: Shape = Shape.BARS

    def __post_init__(self) -> None:
        assert self.days
        assert all(len(curve.values) == len(self.days) for curve in self.curves)
        assert len(self.curves) == 1 or self.shape is Shape.LINES


def format_day(day: date) -> str:
    """Returns ``3 Nov``, in English on every machine."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def format_whole_day(day: date) -> str:
    return f"{format_day(day)} {day.year}"
