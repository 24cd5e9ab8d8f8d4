"""Reading a query's and a path's parameters."""

from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused

CURSOR_DIGITS_MAX = 18
IDS_MAX = 2**62


def read_query_number(request: Request, name: str, default: int, *, largest: int) -> int:
    """A whole number of the query, at most ``largest``. Raises ``Refused(PARAMETER_INVALID)``."""
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return min(int(text), largest)


def read_path_id(request: Request, name: str, *, what: str) -> int:
    """An id of the path. Raises ``Refused(OPERATOR_UNKNOWN)`` for one that nothing can have."""
    number: int = request.path_params[name]
    if number > IDS_MAX:
        raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=number)
    return number
