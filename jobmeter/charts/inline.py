"""Owns pictures inside a page: fluid SVG whose colours are classes of the page's style sheet, and whose texts are its reader's. Pure.

Positions are attributes in per cent, so that one picture fits a phone and a desk and its text keeps its size. Nothing is
inline, so that the page's policy stays strict. A plot is hidden from who does not see it: the page has its sentence and table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from html import escape

from jobmeter.charts.model import Chart, Shape
from jobmeter.charts.scale import DAYS_NAMED_ONE_BY_ONE, Axis, make_axis, name_days

HEIGHT, TOP, FOOT = 190, 8, 24
LABEL_WIDTH = 42
NAMES_MAX = 8
EDGE_PERCENT = 96  # a name further right would leave the picture
GAP_SHARE = 0.22
METER_HEIGHT, THIN_HEIGHT = 16, 8
CURVE_WIDTH = 1_000  # of the coordinates of curves, which are stretched


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The texts of a plot in its reader's language: of a day and a month below it, a mark beside it, a bar by its index."""

    day: Callable[[date], str]
    month: Callable[[date], str]
    mark: Callable[[int], str]
    bar: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is spent and final, spent and estimated, and reserved, of a limit; ``pace`` is what an even pace would have spent."""

    limit: int
    final: int
    estimated: int = 0
    reserved: int = 0
    pace: int | None = None


def render_meter(meter: Meter, *, label: str, pace_label: str = "", is_thin: bool = False) -> str:
    """``label`` is the whole sentence, for who does not see the picture. Without a limit the track is empty."""
    height = THIN_HEIGHT if is_thin else METER_HEIGHT
    parts = [
        ("spent", meter.final, 0.0),
        ("hatched", meter.estimated, 0.5),
        ("reserved", meter.reserved, 0.0),
    ]
    found, left = [], 0.0
    for kind, value, inset in parts:
        width = min(_percent(value, meter.limit), 100 - left)
        if width > 0:
            found.append(
                f'<rect class="{kind}" x="{left:.2f}%" width="{width:.2f}%" y="{inset:g}" height="{height - 2 * inset:g}"/>'
            )
        left += width
    return "".join(
        (
            f'<svg class="meter{" thin" if is_thin else ""}" role="img" aria-label="{escape(label)}">',
            f'<rect class="track" width="100%" height="{height}" rx="2"/>',
            *found,
            *_render_pace(meter, height, pace_label),
            "</svg>",
        )
    )


def _percent(value: int, whole: int) -> float:
    return 100 * value / whole if whole > 0 else 0.0


def _render_pace(meter: Meter, height: int, label: str) -> Iterator[str]:
    if meter.pace is None:
        return
    at = min(_percent(meter.pace, meter.limit), 100)
    anchor = "end" if at > 70 else "middle" if at > 20 else "start"
    yield f'<line class="pace" x1="{at:.2f}%" x2="{at:.2f}%" y1="-4" y2="{height + 3}"/>'
    yield f'<text x="{at:.2f}%" y="{height + 15}" text-anchor="{anchor}">{escape(label)}</text>'


def render_plot(chart: Chart, labels: Labels) -> str:
    """Returns the picture of a chart: axis and grid, bars or curves, names of days. Every second name is left out on phones."""
    axis = make_axis(chart)
    inside = (
        _render_bars
        if chart.shape is Shape.BARS and len(chart.days) <= DAYS_NAMED_ONE_BY_ONE
        else _render_paths
    )
    return "".join(
        (
            f'<div class="plot" aria-hidden="true"><svg class="yaxis" height="{HEIGHT + 6}">',
            *(
                f'<text class="tick" x="{LABEL_WIDTH}" y="{_y(axis, value) + 4:.1f}" text-anchor="end">{escape(labels.mark(value))}</text>'
                for value in axis.marks
            ),
            f'</svg><svg class="area" height="{HEIGHT + FOOT}">',
            *(
                f'<line class="{"grid" if value else "base"}" x1="0" x2="100%" y1="{_y(axis, value):.1f}" y2="{_y(axis, value):.1f}"/>'
                for value in axis.marks
            ),
            *inside(chart, axis, labels),
            *_render_names(chart, labels),
            "</svg></div>",
        )
    )


def _y(axis: Axis, value: int) -> float:
    return TOP + (HEIGHT - TOP) * (1 - axis.share(value))


def _center(chart: Chart, index: int) -> float:
    """Where a day is, in per cent: in the middle of its bar, or from edge to edge along a curve."""
    if chart.shape is Shape.BARS:
        return (index + 0.5) * 100 / len(chart.days)
    return index * 100 / max(1, len(chart.days) - 1)


def _render_names(chart: Chart, labels: Labels) -> Iterator[str]:
    write = labels.month if len(chart.days) > DAYS_NAMED_ONE_BY_ONE else labels.day
    for order, (index, _) in enumerate(reversed(name_days(chart.days, names_max=NAMES_MAX))):
        at = _center(chart, index)
        is_last = at > EDGE_PERCENT
        yield (
            f'<text class="tick{" odd" if order % 2 else ""}" x="{100 if is_last else at:.2f}%" y="{HEIGHT + 19}" '
            f'text-anchor="{"end" if is_last else "middle"}">{escape(write(chart.days[index]))}</text>'
        )


def _render_bars(chart: Chart, axis: Axis, labels: Labels) -> Iterator[str]:
    (curve,) = chart.curves
    each, zero = 100 / len(chart.days), _y(axis, 0)
    for index, value in enumerate(curve.values):
        y = _y(axis, value)
        kind = "hatched" if index >= chart.estimated_from else "bar"
        yield (
            f'<g class="hit"><title>{escape(labels.bar(index))}</title>'
            f'<rect class="{kind}" x="{(index + GAP_SHARE / 2) * each:.2f}%" width="{(1 - GAP_SHARE) * each:.2f}%" '
            f'y="{min(y, zero):.1f}" height="{max(abs(zero - y), 0.5):.1f}"/></g>'
        )


def _render_paths(chart: Chart, axis: Axis, labels: Labels) -> Iterator[str]:
    """Curves, and bars of so many days that each is a line: stretched to the width of the picture."""
    del labels
    width = len(chart.days) if chart.shape is Shape.BARS else CURVE_WIDTH
    yield f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none">'
    if chart.shape is Shape.BARS:
        zero = _y(axis, 0)
        bars = [
            f"M{index + 0.5} {zero:.1f}V{_y(axis, value):.1f}"
            for index, value in enumerate(chart.curves[0].values)
        ]
        yield f'<path class="yearbars" d="{"".join(bars[: chart.estimated_from])}"/>'
        yield f'<path class="yearbars est" d="{"".join(bars[chart.estimated_from :])}"/>'
    for curve in (
        sorted(chart.curves, key=lambda one: not one.is_reference) if chart.shape is Shape.LINES else ()
    ):
        points = [
            f"{_center(chart, index) * 10:.1f} {_y(axis, value):.1f}"
            for index, value in enumerate(curve.values)
        ]
        turn = len(points) if curve.is_reference else chart.estimated_from
        kind = "line even" if curve.is_reference else "line"
        yield f'<path class="{kind}" d="M{"L".join(points[:turn])}"/>' if turn else ""
        if turn < len(points):
            yield f'<path class="{kind} est" d="M{"L".join(points[max(0, turn - 1) :])}"/>'
    yield "</svg>"
