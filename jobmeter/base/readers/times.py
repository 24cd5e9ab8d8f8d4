"""Owns the one grammar of times and days in texts, that of RFC 3339. Pure.

ISO 8601 has many more spellings (weeks, days of the year, without dashes), which other programs read differently.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from jobmeter.base.clock import from_ms, to_ms

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_DIGITS_MAX = 15  # of milliseconds: they reach beyond the year 9999
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]"
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)(?:\.(?P<fraction>[0-9]+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))"
)

_SPAN = re.compile(r"([0-9]{1,6})\s*(w|d|h|m|s|ms)")
_UNIT_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
SPAN_EXAMPLES = "3d, 36h or 90m"


def read_day(text: str) -> date | None:
    """The day of ``2026-03-02``; ``None`` for every other text."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_month(text: str) -> date | None:
    """The first day of the month ``2026-03``; ``None`` for every other text, and before 1970 or after 9998."""
    day = read_day(f"{text}-01")
    return day if day is not None and EARLIEST.date() <= day < LATEST.date() else None


def read_instant(text: str) -> datetime | None:
    """The instant of ``2026-03-02T09:30:00.5+01:00``, with its offset; ``None`` for every other text.

    A leap second is the second after it, as on the clocks of computers; digits beyond microseconds are cut off.
    """
    found = _INSTANT.fullmatch(text)
    day = None if found is None else read_day(found["day"])
    if found is None or day is None:
        return None
    second, is_leap = int(found["second"]), found["second"] == "60"
    moment = datetime(
        day.year,
        day.month,
        day.day,
        int(found["hour"]),
        int(found["minute"]),
        second - is_leap,
        int((found["fraction"] or "")[:6].ljust(6, "0")),
        tzinfo=_read_offset(found),
    )
    return _end_of_leap_second(moment) if is_leap else moment


def read_instant_ms(text: str) -> int | None:
    """The same as milliseconds since 1970."""
    moment = read_instant(text)
    return None if moment is None else to_ms(moment)


def read_moment(text: str) -> datetime | None:
    """Milliseconds since 1970, or an instant: what a parameter or a command line names a time by; in UTC.

    ``None`` also for the first and last years that a date can have: a day or an offset further is none.
    """
    try:
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
            moment = from_ms(int(text))
        else:
            instant = read_instant(text)
            if instant is None:
                return None
            moment = instant.astimezone(UTC)
    except OverflowError:
        return None
    return moment if EARLIEST <= moment < LATEST else None


def read_span_ms(text: str) -> int | None:
    """The milliseconds of ``3d``, ``36h``, ``1d12h``, ``90m``, ``45s``; ``None`` for every other text."""
    compact = text.strip().lower()
    found = _SPAN.findall(compact)
    if not found or _SPAN.sub("", compact).strip():
        return None
    return sum(int(count) * _UNIT_MS[unit] for count, unit in found)


def _read_offset(found: re.Match[str]) -> timezone:
    offset = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    return timezone(-offset if found["sign"] == "-" else offset)


def _end_of_leap_second(moment: datetime) -> datetime | None:
    """``None`` where no leap second can be: they are inserted before midnight UTC alone."""
    try:
        in_utc = moment.astimezone(UTC)
        return moment + timedelta(seconds=1) if (in_utc.hour, in_utc.minute) == (23, 59) else None
    except OverflowError:
        return None
