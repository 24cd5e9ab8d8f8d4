"""Owns the series in which this process counts, made from the table. Does not own what is counted (``flow``)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

from jobmeter.telemetry.metrics import model
from jobmeter.telemetry.metrics.model import Kind, Metric, Origin
from jobmeter.telemetry.metrics.processes import find_folder

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began would be another series

OF_THIS_PROCESS = CollectorRegistry()
FOLDER = find_folder()  # that in which the library keeps counts, ``None`` if this process counts alone


def _make(metric: Metric) -> MetricWrapperBase:
    if metric.kind is Kind.COUNTER:
        return Counter(metric.name, metric.meaning, metric.labels, registry=OF_THIS_PROCESS)
    if metric.kind is Kind.HISTOGRAM:
        return Histogram(
            metric.name, metric.meaning, metric.labels, buckets=metric.steps, registry=OF_THIS_PROCESS
        )
    return Gauge(
        metric.name,
        metric.meaning,
        metric.labels,
        registry=OF_THIS_PROCESS,
        multiprocess_mode="livemax" if metric.origin is Origin.LARGEST else "livesum",
    )


_MADE = {metric: _make(metric) for metric in model.METRICS if metric.origin is not Origin.DATABASE}


def counter(metric: Metric) -> Counter:
    found = _MADE[metric]
    assert isinstance(found, Counter)
    return found


def histogram(metric: Metric) -> Histogram:
    found = _MADE[metric]
    assert isinstance(found, Histogram)
    return found


def gauge(metric: Metric) -> Gauge:
    found = _MADE[metric]
    assert isinstance(found, Gauge)
    return found
