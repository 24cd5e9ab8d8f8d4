"""Owns pictures of charts made of characters: block characters for bars, braille for lines, or plain ASCII. Pure.

Does not own the terminal: the caller passes its width, and prints the lines.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobmeter.charts.model import Chart, Curve, Shape
from jobmeter.charts.scale import Axis, format_mark, make_axis, name_days
from jobmeter.charts.words import ESTIMATED, FINAL, describe

HEIGHT_ROWS = 10
EIGHTHS = 8
CELL_COLUMNS_MAX = 4
NAME_COLUMNS = 9  # what the name of a day needs, with space around it
COLUMNS_MIN = 30
DOTS_WIDE, DOTS_HIGH = 2, 4
BRAILLE = 0x2800
# The bits of the dots of a braille character, by column and row.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """``partial`` are the tops of a final bar, from an eighth of a row to seven."""

    final: str
    estimated: str
    partial: str
    sliver: str
    side: str
    tick: str
    corner: str
    floor: str


BLOCKS = Glyphs(
    final="█", estimated="▒", partial="▁▂▃▄▅▆▇", sliver="▁", side="│", tick="┤", corner="└", floor="─"
)
ASCII = Glyphs(
    final="#", estimated=":", partial="    ###", sliver=".", side="|", tick="+", corner="+", floor="-"
)
CURVE, REFERENCE, CURVE_ESTIMATED = "*", ".", "+"


def render_lines(chart: Chart, *, columns: int, is_ascii: bool = False) -> list[str]:
    """Returns the chart as lines of at most ``columns`` characters: title, picture, days, legend, sentence."""
    columns = max(columns, COLUMNS_MIN)
    glyphs, axis = ASCII if is_ascii else BLOCKS, make_axis(chart)
    marks = {mark: format_mark(mark, axis, chart.unit) for mark in axis.marks}
    label_columns = max(map(len, marks.values()))
    plot = columns - label_columns - 2
    rows = max(1, HEIGHT_ROWS // axis.intervals) * axis.intervals
    if chart.shape is Shape.BARS:
        picture, centers, grouped = _render_bars(chart, axis, glyphs, plot=plot, rows=rows)
    else:
        picture, centers = _render_curves(chart, axis, plot=plot, rows=rows, is_ascii=is_ascii)
        grouped = 1
    # A mark is the upper edge of its row; the lowest one is the floor.
    labels = {rows - round(axis.share(mark) * rows): text for mark, text in marks.items()}
    lines = [chart.title]
    for index, row in enumerate(picture):
        side = glyphs.tick if index in labels else glyphs.side
        lines.append(f"{labels.get(index, ''):>{label_columns}} {side}{row}".rstrip())
    floor = glyphs.floor * min(max(centers) + 2, plot)
    lines.append(f"{labels[rows]:>{label_columns}} {glyphs.corner}{floor}")
    lines.append(" " * (label_columns + 2) + _write_days(chart, centers, plot))
    legend, sentence = _write_legend(chart, glyphs, is_ascii=is_ascii), describe(chart)
    if grouped > 1:
        sentence += f" Each column is the mean of {grouped} days."
    return [*lines, *textwrap.wrap(legend, columns), *textwrap.wrap(sentence, columns)]


def _render_bars(
    chart: Chart, axis: Axis, glyphs: Glyphs, *, plot: int, rows: int
) -> tuple[list[str], list[int], int]:
    """Returns the rows from the top, the column of each day's middle, and how many days a bar has."""
    (curve,) = chart.curves
    grouped = -(-len(curve.values) // plot)
    bars = [
        (sum(part) // len(part), start + len(part) > chart.estimated_from)
        for start in range(0, len(curve.values), grouped)
        if (part := curve.values[start : start + grouped])
    ]
    cell = min(CELL_COLUMNS_MAX, plot // len(bars))
    wide = max(1, cell - 1)
    zero = round(axis.share(0) * rows)
    filled = [
        _fill_bar(
            round(axis.share(value) * rows * EIGHTHS) - zero * EIGHTHS, value, glyphs, is_estimate=estimate
        )
        for value, estimate in bars
    ]
    picture = [
        "".join((bar.get(rows - 1 - row - zero, " ") * wide).ljust(cell) for bar in filled)
        for row in range(rows)
    ]
    return picture, [index // grouped * cell + (wide - 1) // 2 for index in range(len(chart.days))], grouped


def _fill_bar(eighths: int, value: int, glyphs: Glyphs, *, is_estimate: bool) -> dict[int, str]:
    """Returns the characters of a bar by row; row 0 is above zero, row -1 below it."""
    body = glyphs.estimated if is_estimate else glyphs.final
    if value < 0:
        return {-1 - row: body for row in range(max(1, round(-eighths / EIGHTHS)))}
    full, rest = divmod(eighths, EIGHTHS)
    filled = dict.fromkeys(range(full), body)
    if is_estimate:
        filled |= {full: body} if rest >= EIGHTHS // 2 else {}
    elif rest:
        filled[full] = glyphs.partial[rest - 1]
    if value > 0 and not "".join(filled.values()).strip():
        return {0: glyphs.sliver}
    return filled


def _render_curves(
    chart: Chart, axis: Axis, *, plot: int, rows: int, is_ascii: bool
) -> tuple[list[str], list[int]]:
    """Returns the rows from the top and the column of each day."""
    wide, high = (1, 1) if is_ascii else (DOTS_WIDE, DOTS_HIGH)
    width = min(plot, len(chart.days) * CELL_COLUMNS_MAX)
    grid = [[" " if is_ascii else chr(BRAILLE)] * width for _ in range(rows)]
    for curve in sorted(chart.curves, key=lambda one: not one.is_reference):
        for across, up, is_estimate in _trace(chart, curve, axis, width=width * wide, height=rows * high):
            row, column = rows - 1 - up // high, across // wide
            if is_ascii:
                grid[row][column] = (
                    REFERENCE if curve.is_reference else CURVE_ESTIMATED if is_estimate else CURVE
                )
            else:
                dot = DOTS[across % wide][high - 1 - up % high]
                grid[row][column] = chr(ord(grid[row][column]) | dot)
    last = max(1, len(chart.days) - 1)
    centers = [index * (width - 1) // last for index in range(len(chart.days))]
    return ["".join(row).replace(chr(BRAILLE), " ") for row in grid], centers


def _trace(
    chart: Chart, curve: Curve, axis: Axis, *, width: int, height: int
) -> Iterator[tuple[int, int, bool]]:
    """Yields the dots of a curve: across, up, and whether they are estimates. References and estimates have gaps."""
    last = len(chart.days) - 1
    before: int | None = None
    for across in range(width):
        at = across * last / max(1, width - 1)
        left = min(int(at), max(0, last - 1))
        right = min(left + 1, last)
        value = curve.values[left] + (curve.values[right] - curve.values[left]) * (at - left)
        up = round((value - axis.low) / (axis.high - axis.low) * (height - 1))
        is_estimate = at > chart.estimated_from - 1
        start = up if before is None else before + (up > before) - (up < before)
        before = up
        if (curve.is_reference and across % 3) or (is_estimate and not curve.is_reference and across % 2):
            continue
        for one in range(min(start, up), max(start, up) + 1):
            yield across, one, is_estimate


def _write_days(chart: Chart, centers: Sequence[int], plot: int) -> str:
    """Writes the names of days below their columns; a name that has no space is left out."""
    text = ""
    for index, name in name_days(chart.days, names_max=max(1, (max(centers) + 1) // NAME_COLUMNS + 1)):
        start = max(0, min(centers[index] - len(name) // 2, plot - len(name)))
        if not text or start > len(text):
            text = text.ljust(start) + name
    return text


def _write_legend(chart: Chart, glyphs: Glyphs, *, is_ascii: bool) -> str:
    has_estimates = chart.estimated_from < len(chart.days)
    if chart.shape is Shape.BARS:
        return f"{glyphs.final} {FINAL}   {glyphs.estimated} {ESTIMATED}" if has_estimates else ""
    line, reference, dotted = (CURVE, REFERENCE, CURVE_ESTIMATED) if is_ascii else ("⠒⠒", "⠂⠐", "⠂⠂")
    parts = [f"{reference if one.is_reference else line} {one.name}" for one in chart.curves]
    return "   ".join([*parts, *([f"{dotted} {ESTIMATED}"] if has_estimates else [])])
