"""Owns the parts of a Rest.li resource: its endpoints by method, and what their handlers receive and return."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.bodies import decode_json, decode_records
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.endpoints import Endpoint
from jobmeter.partners.model import Application
from jobmeter.wire.restli.methods import Method
from jobmeter.wire.restli.syntax import Protocol, Value
from jobmeter.wire.restli.values import ArgumentTypeError, read_long
from jobmeter.wire.restli.versions import Version, expand_version

MARKERS = {Method.FINDER: "q", Method.ACTION: "action"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated Rest.li request, its tunnel opened and its parameters read. Its ``context`` records acts."""

    app: AppContext
    application: Application
    now: datetime
    protocol: Protocol
    version: Version | None
    method: Method
    path: str
    query: str
    key: str | None
    parameters: dict[str, Value]
    body: bytes
    request_id: str
    context: RequestContext
    forced_outcome: str | None = None

    @property
    def permission(self) -> str:
        """The permission that refusals of this call name: ``resource.METHOD-name.version`` (spec 12.4)."""
        return name_permission(self.path.split("/")[2], self.method, self.parameters, self.version)

    def read_json(self) -> Any:
        return decode_json(self.body)

    def read_json_records(self) -> Any:
        return decode_records(self.body)

    def is_since(self, version: str) -> bool:
        """Whether the caller's version is ``version`` (such as ``202407``) or newer. An unversioned call has all fields."""
        return self.version is None or self.version.expanded >= expand_version(version)

    def read_optional_long(self, name: str) -> int | None:
        """Reads a parameter of type long. Raises ``Refused(PARAMETER_TYPE)``."""
        if name not in self.parameters:
            return None
        try:
            return read_long(name, self.parameters[name])
        except ArgumentTypeError as error:
            raise Refused(
                Fault.PARAMETER_TYPE, name=name, value=str(self.parameters[name])[:100], type="java.lang.Long"
            ) from error


@dataclass(frozen=True, slots=True)
class Reply:
    """A handler's response. ``content`` of ``None`` is an empty body; ``bytes`` are serialized JSON.

    If ``is_tagged``, it carries an entity tag: a caller that sends the tag back receives 304 and no body.
    """

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_tagged: bool = False


UNKNOWN_METHOD = "(any)"

Handler = Callable[[Call], Awaitable[Reply]]
RestliEndpoint = Endpoint[Handler]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The endpoints of one resource by method, ``FINDER name`` and ``ACTION name``, and what is derived from them.

    A resource that ``is_single`` is one entity without keys. ``keyed_verbs`` are the verbs of its entities, ``verbs`` all
    verbs; a GET may also be tunnelled through a POST.
    """

    name: str
    endpoints: dict[str, RestliEndpoint]
    is_single: bool
    verbs: tuple[str, ...]
    keyed_verbs: tuple[str, ...]
    unkeyed_verbs: tuple[str, ...]
    parameters: frozenset[str]
    body_bytes_max: int

    @property
    def method(self) -> str:
        """That of a request which is refused before its method is known."""
        return UNKNOWN_METHOD

    @property
    def path(self) -> str:
        return next(iter(self.endpoints.values())).path.removesuffix("/{key}")

    def list_allowed(self, *, keyed: bool) -> tuple[str, ...]:
        """Returns the verbs of its entities or of the resource; all verbs if that list is empty."""
        return (self.keyed_verbs if keyed else self.unkeyed_verbs) or self.verbs


def make_resource(name: str, endpoints: Iterable[RestliEndpoint]) -> Resource:
    by_method = {endpoint.method: endpoint for endpoint in endpoints}
    keyed, unkeyed = (
        tuple(sorted({row.verb for row in by_method.values() if row.is_keyed is wanted}))
        for wanted in (True, False)
    )
    return Resource(
        name=name,
        endpoints=by_method,
        is_single="GET" in by_method and not by_method["GET"].is_keyed,
        verbs=tuple(sorted({*keyed, *unkeyed})),
        keyed_verbs=keyed,
        unkeyed_verbs=unkeyed,
        parameters=frozenset(one for row in by_method.values() for one in row.parameters),
        body_bytes_max=max(row.body_bytes_max for row in by_method.values()),
    )


def group_resources(endpoints: Iterable[RestliEndpoint]) -> dict[str, dict[str, Resource]]:
    """Groups the resources by root (``/rest``, ``/v2``) and name."""
    rows: dict[str, dict[str, list[RestliEndpoint]]] = {}
    for endpoint in endpoints:
        _, root, name, *_ = endpoint.path.split("/")
        rows.setdefault(f"/{root}", {}).setdefault(name, []).append(endpoint)
    return {
        root: {name: make_resource(name, of_name) for name, of_name in named.items()}
        for root, named in rows.items()
    }


def name_permission(
    resource_name: str, method: Method, parameters: dict[str, Value], version: Version | None
) -> str:
    marker = MARKERS.get(method)
    named = f"{method.value}-{str(parameters[marker])[:100]}" if marker else method.value
    return f"{resource_name}.{named}.{version.expanded if version else 'NO_VERSION'}"
