"""Owns figures, amounts, days and times as a viewer reads them: in their language, in UTC, with their own time beside it.

Does not own the viewer's choices (a person's, or the browser's cookies). Pure.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

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
        places = minor_digits(currency)
        pattern = f"#,##0.{'0' * places}{'#' * (6 - places)}"
        whole, rest = divmod(abs(micros), MICROS_PER_UNIT)
        sign = "-" if micros < 0 else ""
        return format_decimal(f"{sign}{whole}.{rest:06d}", format=pattern, locale=self.locale)

    def day(self, day: date) -> str:
        return format_date(day, "medium", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """Returns for example ``28 Nov 2026, 04:22 UTC``."""
        return f"{self._write(at.astimezone(UTC))} UTC"

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
