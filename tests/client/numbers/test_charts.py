"""Charts: their scale, their sentence, the picture made of characters, the SVG. The last ones are looked at in a browser."""

import re
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import sync_playwright

from jobmeter.charts.model import Chart, Curve, Shape, Unit
from jobmeter.charts.scale import choose_step, format_mark, make_axis, name_days
from jobmeter.charts.svg import render_svg
from jobmeter.charts.terminal import render_lines
from jobmeter.charts.words import describe, describe_value
from tests.support.missing_part import find_programs

LAST = date(2026, 11, 27)
USD = Unit(name="USD", size=1_000_000, digits=2)
CLICKS = Unit(name="apply clicks")
MOST = (
    "25 Nov 2026 to 27 Nov 2026: 10.50 USD in total, most on 27 Nov, 9.00 USD. The last day is an estimate."
)
SVG = "{http://www.w3.org/2000/svg}"


def list_last(count):
    return tuple(LAST - timedelta(days=count - 1 - index) for index in range(count))


def make_bars(values, *, estimates=3, unit=USD, title="Charge by day, USD"):
    return Chart(
        title=title,
        days=list_last(len(values)),
        curves=(Curve(name="charge", values=tuple(values)),),
        estimated_from=max(0, len(values) - estimates),
        unit=unit,
    )


def make_lines(values, *, estimates=3):
    pace = tuple(range(0, len(values) * 10, 10))
    curves = (
        Curve(name="spent", values=tuple(values)),
        Curve(name="even pace", values=pace, is_reference=True),
    )
    return Chart(
        title="Spent",
        days=list_last(len(values)),
        curves=curves,
        estimated_from=len(values) - estimates,
        unit=CLICKS,
        shape=Shape.LINES,
    )


def make_any(seed):
    """Bars or lines with figures of any size, some of them below zero."""
    rng = Random(seed)
    count = rng.choice((1, 2, 7, 30, 92, 93, 365))
    most = 10 ** rng.randrange(1, 15)
    low = rng.choice((0, 0, -most))
    values = [rng.randint(low, most) for _ in range(count)]
    estimates = rng.randint(0, min(3, count))
    return make_lines(values, estimates=estimates) if seed % 2 else make_bars(values, estimates=estimates)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, USD, "0.00"),
        (1_250_000_000, USD, "1,250.00"),
        (-4_500_000, USD, "-4.50"),
        (1, USD, "0.000001"),
        (1_234, CLICKS, "1,234"),
        (500_000_000, Unit(name="JPY", size=1_000_000), "500"),
    ],
)
def test_a_figure_has_the_decimal_places_of_its_unit_and_is_never_rounded(value, unit, text):
    assert unit.format(value) == text


@pytest.mark.parametrize(
    ("span", "step"), [(1, 1), (5, 1), (6, 2), (11, 5), (60, 20), (100, 20), (2_600, 1_000)]
)
def test_the_marks_of_an_axis_are_round_and_few(span, step):
    assert choose_step(span) == step


@pytest.mark.parametrize("seed", range(60))
def test_an_axis_covers_every_value_and_has_a_mark_at_zero(seed):
    chart = make_any(seed)
    axis = make_axis(chart)
    values = [value for curve in chart.curves for value in curve.values]
    assert axis.low <= min(values)
    assert max(values) <= axis.high
    assert 0 in axis.marks
    assert 1 <= axis.intervals <= 7
    assert len({format_mark(mark, axis, chart.unit) for mark in axis.marks}) == len(axis.marks)


def test_a_long_range_is_named_by_its_months_and_a_short_one_by_its_days_up_to_the_last():
    assert [name for _, name in name_days(list_last(365), names_max=12)][:3] == ["Dec", "Jan", "Feb"]
    assert [name for _, name in name_days(list_last(9), names_max=3)] == ["21 Nov", "24 Nov", "27 Nov"]


@pytest.mark.parametrize(
    ("values", "estimates", "sentence"),
    [
        ([1_500_000, 0, 9_000_000], 1, MOST),
        ([0, 0], 0, "26 Nov 2026 to 27 Nov 2026: 0.00 USD in total."),
        ([4_500_000], 3, "27 Nov 2026: 4.50 USD in total. All of it is estimated."),
    ],
)
def test_the_sentence_says_what_the_picture_shows(values, estimates, sentence):
    assert describe(make_bars(values, estimates=estimates)) == sentence


def test_the_sentence_of_lines_says_where_each_ends():
    assert describe(make_lines([0, 4, 9, 12])) == (
        "24 Nov 2026 to 27 Nov 2026: spent 12 apply clicks at the end; even pace 30 apply clicks at the end."
        " The last 3 days are estimates."
    )


def test_bars_are_solid_where_final_and_shaded_where_estimated():
    lines = render_lines(make_bars([4, 2, 0, 4, 2], estimates=2, unit=CLICKS, title="Clicks"), columns=40)
    assert lines == [
        "Clicks",
        "4 ┤███         ▒▒▒",
        "  │███         ▒▒▒",
        "3 ┤███         ▒▒▒",
        "  │███         ▒▒▒",
        "2 ┤███ ███     ▒▒▒ ▒▒▒",
        "  │███ ███     ▒▒▒ ▒▒▒",
        "1 ┤███ ███     ▒▒▒ ▒▒▒",
        "  │███ ███     ▒▒▒ ▒▒▒",
        "0 └───────────────────",
        "   23 Nov        27 Nov",
        "█ final   ▒ estimated",
        "23 Nov 2026 to 27 Nov 2026: 12 apply",
        "clicks in total, most on 23 Nov, 4 apply",
        "clicks. The last 2 days are estimates.",
    ]


def test_bars_below_zero_hang_from_it():
    lines = render_lines(make_bars([2, -2, 1], estimates=0, unit=CLICKS), columns=40)
    assert [line for line in lines if "█" in line and "┤" in line] == [
        " 2 ┤███",
        " 1 ┤███     ███",
        " 0 ┤    ███",
        "-1 ┤    ███",
    ]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("columns", [30, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_plain_text_is_ascii(seed, columns):
    chart = make_any(seed)
    for is_ascii in (False, True):
        lines = render_lines(chart, columns=columns, is_ascii=is_ascii)
        assert max(map(len, lines)) <= max(columns, len(chart.title))
        assert not is_ascii or all(line.isascii() for line in lines)


@pytest.mark.parametrize("is_ascii", [False, True])
def test_every_value_above_zero_is_visible_in_the_terminal(is_ascii):
    """A single click beside a million is a sliver, not nothing."""
    first, second = (
        render_lines(make_bars([value, 10**6], estimates=0, unit=CLICKS), columns=60, is_ascii=is_ascii)
        for value in (0, 1)
    )
    assert first != second


def test_a_year_in_a_terminal_is_the_mean_of_several_days_and_says_so():
    lines = render_lines(make_bars([50_000_000] * 365), columns=80)
    assert "Each column is the mean of 5 days." in " ".join(lines)


@pytest.mark.parametrize("seed", range(20))
def test_an_svg_has_a_title_a_sentence_and_nothing_that_runs_or_loads(seed):
    chart = make_any(seed)
    root = ET.fromstring(render_svg(chart))
    assert root.get("role") == "img"
    named = {one.get("id"): one.text for one in root if one.get("id")}
    assert [named[name] for name in root.get("aria-labelledby").split()] == [chart.title, describe(chart)]
    assert not {one.tag for one in root.iter()} & {f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}
    text = render_svg(chart).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|href|\bon\w+=", text)


def test_each_bar_of_an_svg_has_its_figure_and_its_state():
    chart = make_bars([1_500_000, 0, 9_000_000], estimates=1)
    root = ET.fromstring(render_svg(chart))
    bars = [(group[0].text, group[1].get("class")) for group in root.iter(f"{SVG}g")]
    assert bars == [
        ("25 Nov: 1.50 USD", "bar"),
        ("26 Nov: 0.00 USD", "bar"),
        ("27 Nov: 9.00 USD, estimated", "estimated"),
    ]
    assert describe_value(chart, chart.curves[0], 2) == bars[2][0]


def test_what_a_title_contains_is_text():
    chart = make_bars([1], title='</title><script>alert("1")</script>')
    assert ET.fromstring(render_svg(chart))[0].text == chart.title


@pytest.mark.slow
def test_in_a_browser_no_text_is_cut_off_or_overlaps_another_and_the_theme_is_that_of_the_reader(tmp_path):
    (chromium,) = find_programs("chromium")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        grounds = set()
        for theme in ("light", "dark"):
            page = opened.new_page(color_scheme=theme)
            for seed in range(12):
                path = tmp_path / f"{seed}.svg"
                path.write_text(render_svg(make_any(seed)), encoding="utf-8")
                page.goto(path.as_uri())
                boxes = page.evaluate(
                    "[...document.querySelectorAll('text')].map(e => [e.getBBox()].map(b => [b.x, b.y, b.width])[0])"
                )
                assert all(x >= 0 and x + width <= 860 for x, _, width in boxes), seed
                for (x, y, width), (other_x, other_y, _) in pairwise(
                    sorted(boxes, key=lambda b: (b[1], b[0]))
                ):
                    assert y != other_y or x + width <= other_x, seed
                grounds.add(page.evaluate("getComputedStyle(document.querySelector('.paper')).fill"))
        opened.close()
    assert grounds == {"rgb(255, 255, 255)", "rgb(20, 29, 36)"}
