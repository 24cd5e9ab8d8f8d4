"""Owns how the Rest.li method of a request is inferred from its verb, header, parameters and path.

Does not own which methods a resource offers (the router does).
"""

from collections.abc import Container
from enum import Enum
from typing import NamedTuple


class Method(Enum):
    GET = "GET"
    GET_ALL = "GET_ALL"
    BATCH_GET = "BATCH_GET"
    FINDER = "FINDER"
    ACTION = "ACTION"
    CREATE = "CREATE"
    BATCH_CREATE = "BATCH_CREATE"
    UPDATE = "UPDATE"
    BATCH_UPDATE = "BATCH_UPDATE"
    PARTIAL_UPDATE = "PARTIAL_UPDATE"
    BATCH_PARTIAL_UPDATE = "BATCH_PARTIAL_UPDATE"
    DELETE = "DELETE"
    BATCH_DELETE = "BATCH_DELETE"


class MethodMismatchError(ValueError):
    """The parts of a request contradict each other or match no method; `text` gives the reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Shape(NamedTuple):
    verb: str
    marked: str  # "action", "q", "ids" or none: a request has at most one of them
    keyed: bool


# The first method of a shape applies if there is no header; `None` means that the header is required.
_METHODS: dict[_Shape, tuple[Method | None, ...]] = {
    _Shape("GET", "", keyed=True): (Method.GET,),
    _Shape("GET", "", keyed=False): (Method.GET_ALL,),
    _Shape("GET", "ids", keyed=False): (Method.BATCH_GET,),
    _Shape("GET", "q", keyed=False): (Method.FINDER,),
    _Shape("POST", "action", keyed=True): (Method.ACTION,),
    _Shape("POST", "action", keyed=False): (Method.ACTION,),
    _Shape("POST", "", keyed=False): (Method.CREATE, Method.BATCH_CREATE),
    _Shape("POST", "", keyed=True): (Method.PARTIAL_UPDATE,),
    _Shape("POST", "ids", keyed=False): (None, Method.BATCH_PARTIAL_UPDATE),
    _Shape("PUT", "", keyed=True): (Method.UPDATE,),
    _Shape("PUT", "ids", keyed=False): (Method.BATCH_UPDATE,),
    _Shape("DELETE", "", keyed=True): (Method.DELETE,),
    _Shape("DELETE", "ids", keyed=False): (Method.BATCH_DELETE,),
}
_MARKS = ("action", "q", "ids")


def infer_method(verb: str, header: str | None, parameters: Container[str], *, keyed: bool) -> Method:
    """Returns the method, given the effective verb and the value of `X-RestLi-Method`, which is case-insensitive.

    `keyed` means that the path identifies one entity; on a resource that is a single entity (without keys) it is always
    true. Only batch_create and batch_partial_update require the header (spec 12.2).
    """
    marks = [mark for mark in _MARKS if mark in parameters]
    if "action" in marks and verb != "POST":
        raise MethodMismatchError(
            f"All action methods (specified via 'action' in URI) must be submitted as a POST (was {verb})"
        )
    asked = (header or "").strip().upper()
    shape = _Shape(verb, marks[0] if marks else "", keyed)
    methods = _METHODS.get(shape, ()) if len(marks) < 2 else ()
    if not asked and methods and methods[0] is not None:
        return methods[0]
    for method in methods:
        if method is not None and method.value == asked:
            return method
    raise MethodMismatchError(
        f"Method '{verb}' is not supported" + (f" with X-RestLi-Method '{asked}'" if asked else "")
    )
