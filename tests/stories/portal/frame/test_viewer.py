"""Figures, amounts, days and times are written as the viewer reads them."""

from datetime import UTC, date, datetime

import pytest

from jobmeter.portal.catalogue.viewer import Viewer

AT = datetime(2026, 11, 28, 4, 22, tzinfo=UTC)
ENGLISH = Viewer(language="en", zone="Europe/Berlin", theme="")
GERMAN = Viewer(language="de", zone="", theme="")


def test_days_and_times_are_in_utc_with_the_viewer_s_time_beside():
    assert ENGLISH.moment(AT) == "28 Nov 2026, 04:22 UTC"
    assert ENGLISH.local(AT) == "28 Nov 2026, 05:22 Europe/Berlin"
    assert GERMAN.moment(AT) == "28.11.2026, 04:22 UTC"
    assert ENGLISH.day(date(2026, 3, 2)) == "2 Mar 2026"


@pytest.mark.parametrize("zone", ["", "UTC", "Etc/UTC", "Nowhere/Town", "../etc/passwd", "x" * 300])
def test_a_zone_that_is_not_known_or_is_utc_is_not_shown(zone):
    assert Viewer(language="en", zone=zone, theme="").local(AT) == ""


@pytest.mark.parametrize(
    ("micros", "currency", "english", "german"),
    [
        (1_234_500_000, "USD", "1,234.50", "1.234,50"),
        (-1_500_001, "USD", "-1.500001", "-1,500001"),
        (5_000_000, "JPY", "5", "5"),
        (0, "EUR", "0.00", "0,00"),
    ],
)
def test_amounts_have_the_places_of_their_currency(micros, currency, english, german):
    assert (ENGLISH.amount(micros, currency), GERMAN.amount(micros, currency)) == (english, german)


def test_numbers_are_grouped():
    assert (ENGLISH.number(48_214), GERMAN.number(48_214)) == ("48,214", "48.214")
