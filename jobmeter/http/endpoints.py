"""Owns the fields of an endpoint: method, path, handler, audience, request body and response.

Does not own the table (``api.routes``). Routes, OpenAPI, the reference page and the tenant tests read the same rows.
Pure.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from jobmeter.base.limits import BODY_BYTES_MAX

JSON = "application/json"
# The HTTP verb of each Rest.li method that is not a verb itself.
_VERBS = {
    "GET_ALL": "GET",
    "BATCH_GET": "GET",
    "FINDER": "GET",
    "CREATE": "POST",
    "BATCH_CREATE": "POST",
    "PARTIAL_UPDATE": "POST",
    "ACTION": "POST",
    "UPDATE": "PUT",
}


class Audience(Enum):
    """Who calls an endpoint; this determines how the caller authenticates."""

    PUBLIC = "anybody"
    CLIENT = "an application, with its client credentials in the form"
    PARTNER = "a partner's application, with an access token"
    BOARD = "the job board, with the events key"
    OPERATOR = "the operator, with the operator key"


HandlerT_co = TypeVar("HandlerT_co", covariant=True)  # cached: rows never change


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[HandlerT_co]):
    """One endpoint. ``method`` is an HTTP verb or a method of a Rest.li resource such as ``FINDER dateRange``.

    ``body`` is a model or the name of a schema of the OpenAPI document; ``reply`` is such a name. Empty means no body.
    ``other_media`` are those in which the response can be sent too. ``parameters`` lists the query parameters and includes the ``required`` ones. ``is_unique`` marks a write that is
    harmless to repeat by itself; every other one commits together with its response under an ``Idempotency-Key``. ``may_be_stale`` marks
    a read that promises nothing of what was written a moment ago, so that a replica may answer it.
    """

    method: str
    path: str
    handler: HandlerT_co
    _: KW_ONLY
    audience: Audience
    summary: str
    body: type[BaseModel] | str = ""
    body_bytes_max: int = BODY_BYTES_MAX
    reply: str = "Record"
    media: str = JSON
    other_media: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    quota: str = ""
    is_unique: bool = False
    may_be_stale: bool = False

    @property
    def kind(self) -> str:
        """The method without the name of its finder or action."""
        return self.method.partition(" ")[0]

    @property
    def verb(self) -> str:
        return _VERBS.get(self.kind, self.kind)

    @property
    def is_keyed(self) -> bool:
        """Whether a Rest.li path names one entity."""
        return self.path.endswith("/{key}")


AnyEndpoint = Endpoint[Callable[..., Awaitable[Any]]]


def group_by_path(endpoints: Iterable[Endpoint[HandlerT_co]]) -> dict[str, dict[str, Endpoint[HandlerT_co]]]:
    """Groups the endpoints by path, then by verb, in table order."""
    found: dict[str, dict[str, Endpoint[HandlerT_co]]] = {}
    for endpoint in endpoints:
        of_path = found.setdefault(endpoint.path, {})
        assert endpoint.verb not in of_path, f"{endpoint.verb} {endpoint.path} is in the table twice"
        of_path[endpoint.verb] = endpoint
    return found
