"""Owns figures, amounts, days and times as a viewer reads them: in their language, in UTC, with their own time beside it.

Does not own the viewer's choices (a person's, or the browser's cookies). Pure.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent

from jobmeter.base.money import MICROS_PER_UNIT, minor_digits

# English of the British kind: 28 Nov 2026, and 24 hours.
_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """``zone`` is empty if it is not known on the server; then the page's script adds the browser's time."""

    language: str
    zone: str
    theme: str

    @property
    def locale(self) -> Locale:
        return Locale.parse(_LOCALES.get(self.language, self.language))

    def number(self, value: int) -> str:
        return format_decimal(value, locale=self.locale)

    def amount(self, micros: int, currency: str) -> str:
        """Returns an amount without its currency, with at least the currency's decimal places."""
        return self.decimal(micros, MICROS_PER_UNIT, places=minor_digits(currency))

    def decimal(self, value: int, size: int, *, places: int = 0) -> str:
        """Returns a value of which ``size``, a power of ten, are one unit, with at least so many decimal places."""
        whole, rest = divmod(abs(value), size)
        most = len(str(size)) - 1
        text = f"{'-' if value < 0 else ''}{whole}.{rest:0{most}d}" if most else str(value)
        pattern = f"#,##0.{'0' * places}{'#' * (most - places)}" if most else "#,##0"
        return format_decimal(text, format=pattern, locale=self.locale)

    def percent(self, part: int, whole: int) -> str:
        return format_percent(part / whole, locale=self.locale)

    def day(self, day: date) -> str:
        return format_date(day, "medium", locale=self.locale)

    def short_day(self, day: date) -> str:
        """Returns a day without its year, for the axis of a chart."""
        return format_skeleton("MMMd", day, locale=self.locale)

    def month(self, day: date) -> str:
        return format_date(day, "LLL", locale=self.locale)

    def whole_month(self, month: date) -> str:
        """Returns for example ``October 2026``."""
        return format_skeleton("yMMMM", month, locale=self.locale)

    def moment(self, at: datetime) -> str:
        """Returns for example ``28 Nov 2026, 04:22 UTC``."""
        return f"{self._write(at.astimezone(UTC))} UTC"

    def clock(self, at: datetime) -> str:
        """Returns the time of a day that is named elsewhere, in UTC to the second: ``04:22:07``."""
        return format_time(at.astimezone(UTC).time(), "HH:mm:ss", locale=self.locale)

    def local(self, at: datetime) -> str:
        """Returns the moment in the viewer's time zone; empty if it is not known, or is UTC."""
        zone = find_zone(self.zone)
        return "" if zone is None else f"{self._write(at.astimezone(zone))} {self.zone}"

    def _write(self, at: datetime) -> str:
        return f"{self.day(at.date())}, {format_time(at.time(), 'HH:mm', locale=self.locale)}"


def find_zone(name: str) -> ZoneInfo | None:
    """Returns a time zone other than UTC by its name; ``None`` if there is none of this name."""
    if name in {"", "UTC", "Etc/UTC"}:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
