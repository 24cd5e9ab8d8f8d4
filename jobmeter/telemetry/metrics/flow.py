"""Owns the verbs of metrics: count what happens in this process, and write what all processes of the server counted.

A count costs a few microseconds at most.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram, registry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector

from jobmeter.telemetry.metrics import model
from jobmeter.telemetry.metrics.model import Kind, ProcessState, Readings
from jobmeter.telemetry.metrics.processes import drop_states_of_ended
from jobmeter.telemetry.metrics.series import FOLDER, OF_THIS_PROCESS, counter, gauge, histogram

_ANSWERS, _REFUSALS, _EVENTS = histogram(model.ANSWERS), counter(model.REFUSALS), counter(model.EVENTS)
# All exist before the first event: a rate begins with the second value of a series.
_OF_BATCHES = {outcome: _EVENTS.labels("batch", outcome) for outcome in ("accepted", "duplicate", "rejected")}
_OF_PAGES = _EVENTS.labels("page", "accepted")
_CLICKS_CHARGED = counter(model.CLICKS_CHARGED)
_CHORE_SECONDS, _CHORE_FAILURES = histogram(model.CHORE_SECONDS), counter(model.CHORE_FAILURES)
# The main process was killed, and the next one has deleted the folder, or the library has closed a file: no request fails for that.
_FOLDER_IS_GONE = suppress(OSError, TypeError)


def count_answer(*, method: str, route: str, status: int, seconds: float, refusal: str) -> None:
    """``method`` and ``route`` are those of the table of endpoints, or ``known_verb`` and ``UNKNOWN``; ``refusal`` is the name of an
    error, empty if the request was carried out.
    """
    with _FOLDER_IS_GONE:
        _find_answers(method, route, status).observe(seconds)
        if refusal:
            _REFUSALS.labels(refusal).inc()


@cache  # as long as the library keeps them: to look one up costs as much as to count
def _find_answers(method: str, route: str, status: int) -> Histogram:
    return _ANSWERS.labels(method, route, status)


def count_batch(*, accepted: int, duplicate: int, rejected: int, clicks_charged: int) -> None:
    with _FOLDER_IS_GONE:
        for outcome, count in (("accepted", accepted), ("duplicate", duplicate), ("rejected", rejected)):
            _OF_BATCHES[outcome].inc(count)
        _CLICKS_CHARGED.inc(clicks_charged)


def count_single_events(recorded: int) -> None:
    with _FOLDER_IS_GONE:
        _OF_PAGES.inc(recorded)


@contextmanager
def time_chore(name: str) -> Iterator[list[int]]:
    """Counts a chore that fails. Times one that found work, which it reports by appending how much to the list."""
    worked: list[int] = []
    begun_at = perf_counter()
    try:
        yield worked
    except Exception:
        with _FOLDER_IS_GONE:
            _CHORE_FAILURES.labels(name).inc()
        raise
    if sum(worked):
        with _FOLDER_IS_GONE:
            _CHORE_SECONDS.labels(name).observe(perf_counter() - begun_at)


def set_state(state: ProcessState) -> None:
    for metric, value in (
        (model.POOL_OPEN, state.connections_open),
        (model.POOL_LENT, state.connections_lent),
        (model.POOL_WAITING, state.connections_awaited),
        (model.BATCHES_WAITING, state.batches_waiting),
        (model.LOOP_DELAY, state.loop_delay_seconds),
    ):
        gauge(metric).set(value)


def set_replica_behind(seconds: float) -> None:
    gauge(model.REPLICA_BEHIND).set(seconds)


def write_metrics(readings: Iterable[Readings], *, accept: str) -> tuple[bytes, str]:
    """Returns the text and its media type: OpenMetrics for a caller that accepts it, as Prometheus does, or else plain text.

    Reads the files of all processes, which takes some milliseconds.
    """
    whole = CollectorRegistry()
    if FOLDER is None:
        whole.register(OF_THIS_PROCESS)
    else:
        drop_states_of_ended(FOLDER)
        MultiProcessCollector(whole, str(FOLDER))  # type: ignore[no-untyped-call]
    whole.register(_Given(readings))
    encode, media = choose_encoder(accept)
    return encode(whole), media


class _Given(registry.Collector):
    def __init__(self, readings: Iterable[Readings]) -> None:
        self._readings = tuple(readings)

    def collect(self) -> Iterator[Family]:
        """Called by the library for each scrape."""
        for one in self._readings:
            metric = one.metric
            form = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
            family = form(metric.name, metric.meaning, labels=metric.labels)
            for labels, value in one.values.items():
                family.add_metric(labels, value)
            yield family
