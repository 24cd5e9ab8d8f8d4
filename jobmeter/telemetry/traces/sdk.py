"""Owns sending spans by OpenTelemetry's library, as protocol buffers over HTTP. Imported only where traces are on.

Does not own what a span is about (``flow``). Names and kinds of errors are recorded, their texts are not: these may quote what was sent.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jobmeter import __version__
from jobmeter.telemetry.traces.model import Attributes, Headers, Tracer

IDLE = "jobmeter.idle"
SECONDS_MAX_MS = 3_000
KEPT_SPANS_MAX = 10_000  # of background work that is not over
_CONTINUED = (b"traceparent", b"tracestate")
_TRACES = TraceContextTextMapPropagator()


class IdleFilter(SpanProcessor):
    """Passes spans on. Those of background work wait until it is over, and are dropped if it found nothing to do."""

    def __init__(self, following: SpanProcessor) -> None:
        self._following = following
        self._waiting: dict[int, list[ReadableSpan]] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if span.attributes and IDLE in span.attributes and span.context is not None:
            self._waiting[span.context.trace_id] = []
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        number = 0 if span.context is None else span.context.trace_id
        kept = self._waiting.get(number)
        if kept is None:
            self._following.on_end(span)
            return
        idle = (span.attributes or {}).get(IDLE)
        if idle is None and len(kept) < KEPT_SPANS_MAX:
            kept.append(span)
        if idle is not None:
            del self._waiting[number]
            for one in () if idle else (*kept, span):
                self._following.on_end(one)

    def shutdown(self) -> None:
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = SECONDS_MAX_MS) -> bool:
        return self._following.force_flush(timeout_millis)


class SdkTracer(Tracer):
    """As ``model.Tracer`` says."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("jobmeter", __version__)

    @contextmanager
    def _open(
        self, name: str, kind: SpanKind, attributes: Attributes, context: Context | None = None
    ) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(StatusCode.ERROR)
                raise

    @contextmanager
    def open_request(self, headers: Headers) -> Iterator[None]:
        carrier = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name in _CONTINUED
        }
        with self._open("request", SpanKind.SERVER, {}, _TRACES.extract(carrier, Context())):
            yield

    def name_request(self, *, name: str, attributes: Attributes, is_failed: bool) -> None:
        span = get_current_span()
        span.update_name(name)
        span.set_attributes(attributes)
        if is_failed:
            span.set_status(StatusCode.ERROR)

    @contextmanager
    def open_call(self, name: str, attributes: Attributes) -> Iterator[None]:
        with self._open(name, SpanKind.CLIENT, attributes):
            yield

    @contextmanager
    def open_shared(self, name: str, attributes: Attributes) -> Iterator[None]:
        with self._open(name, SpanKind.INTERNAL, attributes, Context()):
            yield

    @contextmanager
    def open_work(self, name: str, worked: Sequence[int]) -> Iterator[None]:
        is_failed = True
        with self._open(name, SpanKind.INTERNAL, {IDLE: False}, Context()):
            try:
                yield
                is_failed = False
            finally:
                get_current_span().set_attribute(IDLE, not is_failed and not sum(worked))

    def write_headers(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        _TRACES.inject(carrier)
        return carrier

    def close(self) -> None:
        self._provider.force_flush(SECONDS_MAX_MS)
        self._provider.shutdown()


def open_tracer(environment: Mapping[str, str] = os.environ) -> Tracer:
    """Begins to send spans to where OpenTelemetry's variables say, in a thread."""
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": "jobmeter"}
    provider = TracerProvider(
        resource=Resource.create({**named, "service.version": __version__}), shutdown_on_exit=False
    )
    provider.add_span_processor(IdleFilter(BatchSpanProcessor(OTLPSpanExporter())))
    return SdkTracer(provider)
