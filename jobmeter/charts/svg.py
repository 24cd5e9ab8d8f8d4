"""Owns pictures of charts as SVG files: no script, a title and a sentence for those who do not see them, light and dark. Pure.

Text keeps its size: the picture has fixed dimensions. A file shows the theme of its reader, by a style sheet of its own.
"""

import textwrap
from collections.abc import Iterator
from html import escape

from jobmeter.charts.model import Chart, Curve, Shape
from jobmeter.charts.scale import Axis, format_mark, make_axis, name_days
from jobmeter.charts.words import ESTIMATED, FINAL, describe, describe_value

WIDTH, PLOT_HEIGHT = 860, 220
EDGE, TOP, LINE_HEIGHT = 20, 68, 18
LABEL_CHARACTER_WIDTH = 7.2
NAME_WIDTH = 70  # what the name of a day needs, and by how much the last one is moved away from the edge
SENTENCE_CHARACTERS_MAX = 118  # also in DejaVu Sans, the widest of the fonts that systems fall back to
GAP_SHARE = 0.22
BARS_WITH_GAPS_MAX = 120

STYLE = """
svg{--paper:#fff;--ink:#13202a;--soft:#4b5b67;--rule:#dbe2e6;--data:#0b5875;--more:#854f00;
font:13px Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#141d24;--ink:#e4ecf0;--soft:#9db0bc;--rule:#25323b;--data:#55a9c8;--more:#f2c072}}
.paper,.ground{fill:var(--paper)}text{fill:var(--soft)}.title{fill:var(--ink);font-size:16px;font-weight:600}
.grid{stroke:var(--rule)}.base{stroke:var(--soft)}.bar,.swatch{fill:var(--data)}
.estimated{fill:url(#hatch);stroke:var(--data)}.hatch{stroke:var(--data);stroke-width:2.2}
.line{fill:none;stroke:var(--data);stroke-width:2.25;stroke-linejoin:round}.other{stroke:var(--more)}
.dotted{stroke-dasharray:3 4}.reference{stroke:var(--soft);stroke-width:1.5}
"""
HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="ground" width="5" height="5"/><path class="hatch" d="M0 0V5"/></pattern></defs>'
)


def render_svg(chart: Chart) -> str:
    """Returns the chart as an SVG document."""
    axis, sentence = make_axis(chart), describe(chart)
    marks = [format_mark(mark, axis, chart.unit) for mark in axis.marks]
    left = EDGE + 10 + max(map(len, marks)) * LABEL_CHARACTER_WIDTH
    width = WIDTH - left - EDGE
    wrapped = textwrap.wrap(sentence, SENTENCE_CHARACTERS_MAX)
    sentence_top = TOP + PLOT_HEIGHT + 52
    height = sentence_top + len(wrapped) * LINE_HEIGHT
    inside = _render_bars if chart.shape is Shape.BARS else _render_lines
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"',
            f' viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title sentence">',
            f'<title id="title">{escape(chart.title)}</title><desc id="sentence">{escape(sentence)}</desc>',
            f"<style>{STYLE}</style>{HATCH}",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
            f'<text class="title" x="{EDGE}" y="32">{escape(chart.title)}</text>',
            *_render_legend(chart),
            *_render_grid(axis, marks, left),
            f'<svg x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{PLOT_HEIGHT}">',
            *inside(chart, axis, width),
            "</svg>",
            *_render_names(chart, left, width),
            *(
                f'<text x="{EDGE}" y="{sentence_top + index * LINE_HEIGHT}">{escape(line)}</text>'
                for index, line in enumerate(wrapped)
            ),
            "</svg>\n",
        )
    )


def _height_of(axis: Axis, value: int) -> float:
    """Returns how far below the top of the plot a value is."""
    return PLOT_HEIGHT * (1 - axis.share(value))


def _render_grid(axis: Axis, marks: list[str], left: float) -> Iterator[str]:
    for value, text in zip(axis.marks, marks, strict=True):
        y = TOP + _height_of(axis, value)
        kind = "grid" if value else "base"
        yield f'<line class="{kind}" x1="{left:.1f}" x2="{WIDTH - EDGE}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{left - 8:.1f}" y="{y + 4.5:.1f}" text-anchor="end">{text}</text>'


def _center_of(chart: Chart, index: int, width: float) -> float:
    """Returns where a day is: in the middle of its bar, or from edge to edge along a line."""
    if chart.shape is Shape.BARS:
        return (index + 0.5) * width / len(chart.days)
    return index * width / max(1, len(chart.days) - 1)


def _render_names(chart: Chart, left: float, width: float) -> Iterator[str]:
    for index, name in name_days(chart.days, names_max=int(width // NAME_WIDTH)):
        center = left + _center_of(chart, index, width)
        half = len(name) * LABEL_CHARACTER_WIDTH / 2
        center = min(center, WIDTH - EDGE - half)
        yield f'<text x="{center:.1f}" y="{TOP + PLOT_HEIGHT + 20}" text-anchor="middle">{name}</text>'


def _render_bars(chart: Chart, axis: Axis, width: float) -> Iterator[str]:
    (curve,) = chart.curves
    each = width / len(chart.days)
    gap = each * GAP_SHARE if len(chart.days) <= BARS_WITH_GAPS_MAX else 0
    zero = _height_of(axis, 0)
    for index, value in enumerate(curve.values):
        y = _height_of(axis, value)
        kind = "estimated" if index >= chart.estimated_from else "bar"
        yield (
            f"<g><title>{escape(describe_value(chart, curve, index))}</title>"
            f'<rect class="{kind}" x="{index * each + gap / 2:.2f}" width="{each - gap:.2f}" '
            f'y="{min(y, zero):.1f}" height="{max(abs(zero - y), 0.5 if value else 0):.1f}"/></g>'
        )


def _render_lines(chart: Chart, axis: Axis, width: float) -> Iterator[str]:
    others = 0
    for curve in sorted(chart.curves, key=lambda one: not one.is_reference):
        points = [
            f"{_center_of(chart, index, width):.1f} {_height_of(axis, value):.1f}"
            for index, value in enumerate(curve.values)
        ]
        kind = _class_of(curve, others)
        others += not curve.is_reference
        turn = len(points) if curve.is_reference else chart.estimated_from
        title = f"<title>{escape(curve.name)}</title>"
        if turn:
            yield f'<path class="{kind}" d="M{"L".join(points[:turn])}">{title}</path>'
        if turn < len(points):
            yield f'<path class="{kind} dotted" d="M{"L".join(points[max(0, turn - 1) :])}">{title}</path>'


def _class_of(curve: Curve, others: int) -> str:
    return "line reference" if curve.is_reference else "line other" if others else "line"


def _render_legend(chart: Chart) -> Iterator[str]:
    """Writes the legend from the left, below the title."""
    entries: list[tuple[str, str]] = []
    has_estimates = chart.estimated_from < len(chart.days)
    if chart.shape is Shape.BARS:
        swatch = '<rect class="{}" x="{}" y="43" width="14" height="10"/>'
        entries = [
            (swatch.format(kind, "{}"), name) for kind, name in (("swatch", FINAL), ("estimated", ESTIMATED))
        ]
        entries = entries if has_estimates else []
    else:
        stroke = '<path class="{}" d="M{} 48h14"/>'
        plain = [one for one in chart.curves if not one.is_reference]
        for curve in chart.curves:
            number = plain.index(curve) if curve in plain else 0
            entries.append((stroke.format(_class_of(curve, number), "{}"), curve.name))
        entries += [(stroke.format("line dotted", "{}"), ESTIMATED)] if has_estimates else []
    at = float(EDGE)
    for picture, name in entries:
        yield picture.format(f"{at:.1f}")
        yield f'<text x="{at + 20:.1f}" y="52.5">{escape(name)}</text>'
        at += 20 + len(name) * LABEL_CHARACTER_WIDTH + 18
