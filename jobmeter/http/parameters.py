"""Reads query and path parameters."""

from dataclasses import dataclass
from datetime import date

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.times import read_day, read_month

CURSOR_DIGITS_MAX = 18
IDS_MAX = 2**62
NO_ID = 2**63 - 1  # the largest number that the database can look up; no row is named so
PAGE = ("after", "count")  # what `read_page` reads
TEXT_CHARACTERS_MAX = 300
PAGE_ROWS, PAGE_ROWS_MAX = 50, 200


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list in the order of ids: what follows ``after``."""

    after: int
    rows_max: int


def read_page(request: Request) -> Page:
    """Reads ``after`` and ``count`` from the query. Raises ``Refused(PARAMETER_INVALID)``."""
    return Page(read_query_number(request, "after", 0, largest=IDS_MAX), read_page_size(request))


def read_page_size(request: Request) -> int:
    """Reads ``count`` from the query. Raises ``Refused(PARAMETER_INVALID)``."""
    count = read_query_number(request, "count", PAGE_ROWS, largest=PAGE_ROWS_MAX)
    if count == 0:
        raise Refused(Fault.PARAMETER_INVALID, name="count")
    return count


def read_query_id(request: Request, name: str) -> int | None:
    """Reads an id from the query; ``None`` if it is not given. Raises ``Refused(PARAMETER_INVALID)``."""
    if not request.query_params.get(name):
        return None
    return read_query_number(request, name, 0, largest=IDS_MAX)


def read_query_day(request: Request, name: str, *, default: date) -> date:
    """Reads a day such as 2026-03-02 from the query. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name)
    day = default if text is None else read_day(text)
    if day is None:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return day


def read_query_text(request: Request, name: str) -> str:
    """Reads a text from the query, without blanks at its ends; empty if it is not given. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name, "").strip()
    if len(text) > TEXT_CHARACTERS_MAX or "\0" in text:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return text


class NumberConvertor(IntegerConvertor):
    """Reads the ``int`` of a path. A number with too many digits names nothing; Python refuses to convert 5,000 of them."""

    def convert(self, value: str) -> int:
        digits = value.lstrip("0")
        return int(digits or "0") if len(digits) <= CURSOR_DIGITS_MAX else NO_ID


register_url_convertor("int", NumberConvertor())


def read_query_number(request: Request, name: str, default: int, *, largest: int) -> int:
    """Reads a whole number of at most ``largest`` from the query. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return min(int(text), largest)


def read_query_month(request: Request, name: str = "month") -> date | None:
    """Reads a month, ``2026-03``, as its first day; ``None`` if it is not given. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name)
    if not text:
        return None
    month = read_month(text)
    if month is None:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return month


def read_path_id(request: Request, name: str, *, what: str) -> int:
    """Reads an id from the path. Raises ``Refused(OPERATOR_UNKNOWN)`` if it exceeds the range of ids."""
    number: int = request.path_params[name]
    if number > IDS_MAX:
        raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=number)
    return number
