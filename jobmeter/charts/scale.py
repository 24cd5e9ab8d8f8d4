"""Owns the scale of a chart: from where to where its axis reaches, its marks, and which days are named. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobmeter.charts.model import MONTHS, Chart, Unit, format_day

INTERVALS = 5
DECIMALS_MAX = 6
DAYS_NAMED_ONE_BY_ONE = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Zero is always a mark."""

    low: int
    high: int
    step: int

    @property
    def marks(self) -> range:
        return range(self.low, self.high + 1, self.step)

    @property
    def intervals(self) -> int:
        return (self.high - self.low) // self.step

    def share(self, value: int) -> float:
        """Returns where the value is between the lowest mark, 0, and the highest, 1."""
        return (value - self.low) / (self.high - self.low)


def make_axis(chart: Chart) -> Axis:
    values = [value for curve in chart.curves for value in curve.values]
    low, high = min(0, *values), max(0, *values)
    step = choose_step(high - low or chart.unit.size)
    return Axis(low=low // step * step, high=max(-(-high // step), low == 0) * step, step=step)


def choose_step(span: int) -> int:
    """Returns the smallest of 1, 2, 5, 10, 20, ... that divides the span into few intervals."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if power * factor * INTERVALS >= span:
                return power * factor
        power *= 10


def format_mark(value: int, axis: Axis, unit: Unit) -> str:
    """Returns a mark with as many decimal places as the step between marks needs: ``0.5``, ``1,500``."""
    decimals = next((d for d in range(DECIMALS_MAX) if axis.step * 10**d % unit.size == 0), DECIMALS_MAX)
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value) * 10**decimals // unit.size, 10**decimals)
    return f"{sign}{whole:,}.{rest:0{decimals}d}" if decimals else f"{sign}{whole:,}"


def name_days(days: Sequence[date], *, names_max: int) -> list[tuple[int, str]]:
    """Returns the indexes of the days that are named, and their names: months in a long range, otherwise days, the last one
    included.
    """
    if len(days) > DAYS_NAMED_ONE_BY_ONE:
        firsts = [index for index, day in enumerate(days) if day.day == 1]
        step = max(1, -(-len(firsts) // names_max))
        return [(index, MONTHS[days[index].month - 1]) for index in firsts[::step]]
    step = max(1, -(-len(days) // names_max))
    return [(index, format_day(days[index])) for index in reversed(range(len(days) - 1, -1, -step))]
