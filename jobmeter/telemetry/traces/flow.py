"""Owns the verbs of traces. Where traces are off, each costs the look at one variable, and the library is not imported."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import cast

from jobmeter.base.faults import Fault
from jobmeter.telemetry.logs.model import SharedWork
from jobmeter.telemetry.traces.model import Attributes, Headers, Tracer

# Named by OpenTelemetry. Its library reads these, and others that begin like them.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
DISABLED = "OTEL_SDK_DISABLED"
LIBRARY = "opentelemetry"
SDK = "jobmeter.telemetry.traces.sdk:open_tracer"

_OPEN: list[Tracer] = []  # one at most
_OFF = nullcontext()


def are_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment names where to send traces."""
    is_disabled = environment.get(DISABLED, "").strip().lower() == "true"
    return not is_disabled and any(environment.get(name) for name in ENDPOINTS)


@contextmanager
def send_traces() -> Iterator[None]:
    """Sends traces until the block ends, if the environment says where to. In each process after it was forked, because a thread sends them."""
    if not are_wanted():
        yield
        return
    module, _, name = SDK.partition(":")
    tracer = cast("Tracer", getattr(import_module(module), name)())
    _OPEN.append(tracer)
    try:
        yield
    finally:
        _OPEN.remove(tracer)
        tracer.close()


def are_on() -> bool:
    return bool(_OPEN)


def request_span(headers: Headers) -> AbstractContextManager[None]:
    """The span of a request, from its beginning to the end of its response."""
    return _OPEN[0].open_request(headers) if _OPEN else _OFF


def name_request(*, method: str, route: str, status: int, request_id: str) -> None:
    """Says what the request was: its endpoint as in the table, never the address that was sent."""
    if _OPEN:
        attributes: Attributes = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "jobmeter.request_id": request_id,
        }
        is_failed = status >= Fault.INTERNAL.row.status
        _OPEN[0].name_request(name=f"{method} {route}", attributes=attributes, is_failed=is_failed)


def statement_span(name: str) -> AbstractContextManager[None]:
    """The span of a statement, by its name alone."""
    attributes = {"db.system.name": "postgresql", "db.query.summary": name}
    return _OPEN[0].open_call(name, attributes) if _OPEN else _OFF


def webhook_span(kind: str) -> AbstractContextManager[None]:
    """The span of an attempt to deliver a notification of a kind."""
    return _OPEN[0].open_call("deliver webhook", {"jobmeter.kind": kind}) if _OPEN else _OFF


def group_span(work: SharedWork) -> AbstractContextManager[None]:
    """The trace of what is done for several requests together, which names them."""
    return _OPEN[0].open_shared("group", {"jobmeter.request_ids": work.list_requests()}) if _OPEN else _OFF


def chore_span(name: str, worked: Sequence[int]) -> AbstractContextManager[None]:
    """The trace of a chore that finds work, which it reports in ``worked``, or that fails."""
    return _OPEN[0].open_work(name, worked) if _OPEN else _OFF


def write_headers() -> dict[str, str]:
    """Returns ``traceparent`` for a request to another server; nothing where traces are off."""
    return _OPEN[0].write_headers() if _OPEN else {}
