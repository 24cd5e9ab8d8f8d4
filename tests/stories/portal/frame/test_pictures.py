"""Pictures of figures on a page: what they show to who sees them, and what they say to everybody, in both languages."""

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest

from jobmeter.charts.inline import Meter
from jobmeter.charts.model import Chart, Curve, Shape, Unit
from jobmeter.portal.catalogue.viewer import Viewer
from jobmeter.portal.frame.pictures import describe_chart, make_meter, make_plot

ENGLISH, GERMAN = (Viewer(language=language, zone="", theme="") for language in ("en", "de"))
USD = Unit(name="USD", size=1_000_000, digits=2)
LAST = date(2026, 11, 27)
UNIT = 1_000_000


def make_chart(values, *, estimates=2, unit=USD, **more):
    days = tuple(LAST - timedelta(days=len(values) - 1 - index) for index in range(len(values)))
    curves = (Curve(name="spent", values=tuple(values)),)
    shown = {
        "title": "Spend",
        "days": days,
        "curves": curves,
        "estimated_from": max(0, len(values) - estimates),
    }
    return Chart(**(shown | {"unit": unit} | more))


def read_meter(**parts):
    drawing = ET.fromstring(make_meter(ENGLISH, Meter(**parts), "USD"))
    return {
        one.get("class"): (one.get("x", "0%"), one.get("width")) for one in drawing.iter("rect")
    }, drawing.get("aria-label")


def test_a_meter_shows_its_parts_one_after_the_other():
    parts, label = read_meter(limit=200 * UNIT, final=100 * UNIT, estimated=10 * UNIT, reserved=50 * UNIT)
    assert parts == {
        "track": ("0%", "100%"),
        "spent": ("0.00%", "50.00%"),
        "hatched": ("50.00%", "5.00%"),
        "reserved": ("55.00%", "25.00%"),
    }
    assert label == "Of 200.00 USD: 100.00 spent and final, 10.00 estimated, 50.00 reserved, 40.00 free."


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"limit": 0, "final": 5}, {"track"}),
        ({"limit": 100, "final": 0}, {"track"}),
        ({"limit": 100, "final": 150, "estimated": 10}, {"track", "spent"}),
    ],
)
def test_a_meter_never_leaves_its_track(parts, found):
    shown, _ = read_meter(**parts)
    assert set(shown) == found
    assert shown.get("spent", ("", "100.00%"))[1] == "100.00%"


def test_a_meter_shows_an_even_pace_inside_its_width():
    for pace, anchor in ((0, "start"), (50, "middle"), (95, "end"), (150, "end")):
        picture = make_meter(GERMAN, Meter(limit=100, final=10, pace=pace), "USD")
        assert f'text-anchor="{anchor}">gleichmäßig<' in picture
        assert f'x1="{min(pace, 100):.2f}%"' in picture


def test_a_plot_shows_final_days_solid_and_estimated_ones_hatched():
    picture = make_plot(ENGLISH, make_chart([1 * UNIT, 2 * UNIT, 1_500 * UNIT]))
    assert re.findall(r'<rect class="(\w+)"', picture) == ["bar", "hatched", "hatched"]
    assert "<title>25 Nov 2026: 1.00 USD</title>" in picture
    assert "<title>27 Nov 2026: 1,500.00 USD, estimated</title>" in picture
    assert 'text-anchor="end">1,500<' in picture
    assert "1.500,00 USD, geschätzt" in make_plot(GERMAN, make_chart([1_500 * UNIT]))
    assert ">27. Nov.<" in make_plot(GERMAN, make_chart([1_500 * UNIT]))
    ET.fromstring(picture)


def test_a_plot_of_a_year_is_two_paths_with_months():
    picture = make_plot(ENGLISH, make_chart([UNIT] * 365, estimates=3))
    assert picture.count("<path") == 2
    assert picture.count("M", picture.index('d="')) >= 365
    assert ">Feb<" in picture
    assert len(picture) < 12_000


def test_a_plot_of_curves_shows_a_reference_and_dots_what_is_estimated():
    curves = (
        Curve(name="spent", values=(1, 2, 3, 4)),
        Curve(name="even pace", values=(1, 2, 3, 4), is_reference=True),
    )
    picture = make_plot(
        ENGLISH, make_chart([1, 2, 3, 4], curves=curves, shape=Shape.LINES, unit=Unit(name="clicks"))
    )
    assert re.findall(r'<path class="([\w ]+)"', picture) == ["line even", "line", "line est"]
    assert make_plot(ENGLISH, make_chart([0], estimates=0, shape=Shape.LINES)).count("<path") == 1


def test_names_are_escaped():
    picture = make_plot(ENGLISH, make_chart([1], unit=Unit(name="<b>")))
    assert "<b>" not in picture
    assert "&lt;b&gt;" in picture


def test_a_chart_says_its_figures():
    chart = make_chart([1 * UNIT, 5 * UNIT, 2 * UNIT])
    assert describe_chart(ENGLISH, chart) == (
        "25 Nov 2026 to 27 Nov 2026: 8.00 USD in total, most on 26 Nov 2026 with 5.00 USD."
        " The last 2 days are estimates and may still fall."
    )
    assert describe_chart(GERMAN, make_chart([UNIT], estimates=1)).endswith(
        "Der letzte Tag ist eine Schätzung und kann noch fallen."
    )
    assert "estimate" not in describe_chart(ENGLISH, make_chart([UNIT], estimates=0))
