"""Owns the reading of responses into values: JSON of a known shape, amounts, days, times; and times in requests.

Does not own the shapes: each resource declares those of its own responses. Unknown fields are ignored, as are those that are
absent or null: LinkedIn adds fields, and leaves out empty ones.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.money import AMOUNT_MICROS_MAX, MICROS_PER_UNIT, Money
from jobmeter.base.readers.times import read_instant
from jobmeter.client.http.errors import RefusedError, UnreadableError, make_refusal
from jobmeter.client.http.transport import Answer

ShapeT = TypeVar("ShapeT")
ValueT = TypeVar("ValueT")
# A record of plain JSON whose other fields are kept too, for what this version does not know.
Fields = dict[str, Any]
FIELDS = msgspec.json.Decoder(Fields)
SHOWN_CHARACTERS = 80
# Finer than a millionth, an amount can have zeros only.
_AMOUNT = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,6})0*)?")


class Shape(msgspec.Struct, rename="camel", gc=False):
    """A record of a response, with the names of the wire in camelCase."""


class Amount(Shape):
    currency_code: str
    amount: str


class Day(Shape):
    year: int
    month: int
    day: int


class RowError(Shape):
    """An entry of a batch's ``errors``, and the ``error`` of a row; the code is text or a number."""

    status: int = 0
    message: str = ""
    code: str | int = ""
    service_error_code: int | None = None


def decode(decoder: msgspec.json.Decoder[ShapeT], answer: Answer) -> ShapeT:
    """Returns the body in its shape. Raises ``UnreadableError`` for JSON that is cut off or has another shape."""
    try:
        return decoder.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Nothing of the response is quoted: it may be a token or a secret.
        raise UnreadableError(f"the response cannot be read: {error}") from error


def read_fields(make: Callable[[Fields], ValueT], fields: Fields, *, what: str = "a row") -> ValueT:
    """Returns what ``make`` makes of a record. Raises ``UnreadableError`` naming the field that ``what`` lacks."""
    try:
        return make(fields)
    except (KeyError, TypeError) as error:
        raise UnreadableError(f"the response has {what} without {error}") from error


def check_keys(asked: Iterable[str], found: Iterable[str]) -> None:
    """Raises ``UnreadableError``: a cache between client and server may return the response to another question."""
    others = set(found) - set(asked)
    if others:
        raise UnreadableError(f"the response is about {min(others)!r}, which was not requested")


def make_row_error(error: RowError, *, status: int = 0) -> RefusedError:
    """Returns the error of one row; a row's own status is above that of the whole response."""
    body: dict[str, Any] = {"message": error.message, "code": error.code}
    if error.service_error_code is not None:
        body["serviceErrorCode"] = error.service_error_code
    return make_refusal(error.status or status, body)


def read_money(amount: Amount) -> Money:
    return _make_money(amount.amount, amount.currency_code)


def read_optional_money(amount: Amount | None) -> Money | None:
    return None if amount is None else _make_money(amount.amount, amount.currency_code)


@lru_cache(maxsize=16_384)
def _make_money(text: str, currency: str) -> Money:
    """Reads more than we write: any number of decimal places, and currencies that are not in our table."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise UnreadableError(f"{text[:SHOWN_CHARACTERS]!r} is not an amount")
    micros = int(found[2]) * MICROS_PER_UNIT + int((found[3] or "").ljust(6, "0"))
    if micros > AMOUNT_MICROS_MAX:
        raise UnreadableError(f"{text[:SHOWN_CHARACTERS]!r} is too large for an amount")
    return Money(-micros if found[1] else micros, currency)


def read_text_money(text: str, currency: str) -> Money:
    """Reads the amounts of plain JSON, whose currency is beside them."""
    return _make_money(text, currency)


def read_day(day: Day) -> date:
    return _make_day((day.year * 100 + day.month) * 100 + day.day)


@lru_cache(maxsize=4_096)
def _make_day(number: int) -> date:
    """Of 20260302 and so on: one number is found in the cache sooner than three."""
    months, day = divmod(number, 100)
    year, month = divmod(months, 100)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise UnreadableError(f"{year}-{month}-{day} is not a day") from error


def read_time(milliseconds: int | None) -> datetime | None:
    try:
        return None if milliseconds is None else from_ms(milliseconds)
    except OverflowError as error:
        raise UnreadableError(f"{milliseconds} is not a time") from error


def read_moment(text: str) -> datetime:
    """Reads the times of plain JSON, which are RFC 3339."""
    moment = read_instant(text)
    if moment is None:
        raise UnreadableError(f"{text[:SHOWN_CHARACTERS]!r} is not a time")
    return moment


def write_time(moment: datetime) -> int:
    """Returns the milliseconds of a request. Raises ``ValueError`` for a time without its zone, which may be any moment."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; write datetime(..., tzinfo=UTC)")
    return to_ms(moment)
