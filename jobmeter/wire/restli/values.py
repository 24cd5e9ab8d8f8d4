"""Owns typed readers for parsed query values and JSON: long, strings, record, Date, DateRange, URN.

Does not own which dates a report allows, or the error for one that it does not allow.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jobmeter.wire.restli.syntax import RestliSyntaxError

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_LONG_MIN: Final = -(2**63)
_LONG_MAX: Final = 2**63 - 1
_URN = re.compile(r"urn:([A-Za-z0-9][A-Za-z0-9-]{0,31}):([A-Za-z0-9_.-]{1,100}):([^\s\x00-\x1f]{1,500})")


class ArgumentTypeError(ValueError):
    """A parameter of the wrong type, with the framework's message (spec 12.3)."""

    def __init__(self, name: str, value: object, java_type: str) -> None:
        self.text = f"Argument parameter '{name}' value '{value}' must be of type '{java_type}'"
        super().__init__(self.text)


@dataclass(frozen=True, slots=True)
class Urn:
    namespace: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"urn:{self.namespace}:{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class RawDate:
    """A Date as sent; a part that is absent or not an integer is None."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    def as_day(self) -> date | None:
        """Returns the day, or None if a part is missing or the calendar has no such day."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class RawDateRange:
    """A DateRange as sent; an absent end is None, an end that is not a Date is an empty Date."""

    start: RawDate | None = None
    end: RawDate | None = None


def read_date(value: Any) -> RawDate:
    if not isinstance(value, dict):
        return RawDate()
    year, month, day = (_read_integer(value.get(part)) for part in ("year", "month", "day"))
    return RawDate(year=year, month=month, day=day)


def read_date_range(value: Any) -> RawDateRange:
    """Reads a DateRange of either protocol. Never refuses anything, because each invalid date has its own error code."""
    if not isinstance(value, dict):
        return RawDateRange()
    start, end = (read_date(value[name]) if name in value else None for name in ("start", "end"))
    return RawDateRange(start, end)


def read_long(name: str, value: Any) -> int:
    """Reads a 64-bit integer from text or JSON; `name` is for the error message."""
    number = _read_integer(value)
    if number is None or not _LONG_MIN <= number <= _LONG_MAX:
        raise ArgumentTypeError(name, value, "java.lang.Long")
    return number


def read_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(name, value, "java.lang.String")
    return value


def read_texts(name: str, value: Any, *, single: bool = False) -> tuple[str, ...]:
    """Reads a list of strings. `single` also accepts one bare string, which is how protocol 1.0.0 sends a list of one."""
    if single and isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ArgumentTypeError(name, value, "java.lang.String[]")
    return tuple(value)


def read_record(name: str, value: Any) -> dict[str, Any]:
    """Reads a record as sent, such as a money amount whose `currencyCode` and `amount` are still text."""
    if not isinstance(value, dict):
        raise ArgumentTypeError(name, value, "com.linkedin.data.DataMap")
    return value


def parse_urn(text: str, *, kind: str | None = None) -> Urn:
    """Splits `urn:li:contract:5` into its parts; with `kind`, accepts only a URN of that kind."""
    parts = _URN.fullmatch(text)
    if parts is None or kind not in {None, parts[2]}:
        raise RestliSyntaxError(f"'{text}' is not a valid urn" + (f" of type {kind}" if kind else ""))
    return Urn(namespace=parts[1], kind=parts[2], key=parts[3])


def _read_integer(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None
