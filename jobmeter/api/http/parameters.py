"""Reads query and path parameters."""

from starlette.convertors import IntegerConvertor
from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused

CURSOR_DIGITS_MAX = 18
IDS_MAX = 2**62
NO_ID = 2**63 - 1  # the largest number that the database can look up; no row is named so


class NumberConvertor(IntegerConvertor):
    """Reads the ``int`` of a path. A number with too many digits names nothing; Python refuses to convert 5,000 of them."""

    def convert(self, value: str) -> int:
        digits = value.lstrip("0")
        return int(digits or "0") if len(digits) <= CURSOR_DIGITS_MAX else NO_ID


def read_query_number(request: Request, name: str, default: int, *, largest: int) -> int:
    """Reads a whole number of at most ``largest`` from the query. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return min(int(text), largest)


def read_path_id(request: Request, name: str, *, what: str) -> int:
    """Reads an id from the path. Raises ``Refused(OPERATOR_UNKNOWN)`` if it exceeds the range of ids."""
    number: int = request.path_params[name]
    if number > IDS_MAX:
        raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=number)
    return number
