"""Owns the spellings of days in feeds: ISO 8601, RFC 822, with dots, with slashes, seconds or milliseconds since 1970. Pure.

The day is the one that is written, in the zone in which it is written.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date

from jobmeter.base.clock import from_ms

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?:[T ,]+[0-9]{1,2}:[0-9]{2}.{0,40})?"
_ISO = re.compile(rf"(?P<y>[0-9]{{4}})[-/](?P<m>[0-9]{{1,2}})[-/](?P<d>[0-9]{{1,2}}){_TIME}")
_DOTS = re.compile(rf"(?P<d>[0-9]{{1,2}})\.(?P<m>[0-9]{{1,2}})\.(?P<y>[0-9]{{4}}){_TIME}")
_SLASHES = re.compile(rf"(?P<a>[0-9]{{1,2}})[/-](?P<b>[0-9]{{1,2}})[/-](?P<y>[0-9]{{4}}){_TIME}")
_WORDS = re.compile(
    rf"(?:[A-Za-z]{{2,9}}\.?,?\s+)?(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<name>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<y>[0-9]{{4}}){_TIME}"
)
_MONTH_FIRST = re.compile(rf"(?P<name>[A-Za-z]{{3,9}})\.?\s+(?P<d>[0-9]{{1,2}}),?\s+(?P<y>[0-9]{{4}}){_TIME}")
_SINCE_1970 = re.compile(r"[0-9]{10}|[0-9]{13}")


@dataclass(frozen=True, slots=True)
class FeedDay:
    """``is_ambiguous`` means that day and month could be the other way round."""

    day: date
    is_ambiguous: bool = False


def read_feed_day(text: str, *, is_day_first: bool) -> FeedDay | None:
    """Returns the day of any known spelling; ``is_day_first`` decides ``03/04/2027``. ``None`` for other texts."""
    try:
        if _SINCE_1970.fullmatch(text):
            return FeedDay(from_ms(int(text.ljust(13, "0"))).astimezone(UTC).date())
        slashed = _SLASHES.fullmatch(text)
        if slashed is not None:
            return _read_slashes(
                int(slashed["y"]),
                first=int(slashed["a"]),
                second=int(slashed["b"]),
                is_day_first=is_day_first,
            )
        found = _ISO.fullmatch(text) or _DOTS.fullmatch(text)
        if found is not None:
            return FeedDay(date(int(found["y"]), int(found["m"]), int(found["d"])))
        worded = _WORDS.fullmatch(text) or _MONTH_FIRST.fullmatch(text)
        if worded is None or worded["name"][:3].lower() not in _MONTHS:
            return None
        month = _MONTHS.index(worded["name"][:3].lower()) + 1
        return FeedDay(date(int(worded["y"]), month, int(worded["d"])))
    except ValueError:
        return None


def _read_slashes(year: int, *, first: int, second: int, is_day_first: bool) -> FeedDay:
    """A part above 12 is the day, whatever the feed's habit."""
    is_ambiguous = first <= 12 and second <= 12 and first != second
    if first > 12 or (is_day_first and second <= 12):
        return FeedDay(date(year, second, first), is_ambiguous)
    return FeedDay(date(year, first, second), is_ambiguous)
