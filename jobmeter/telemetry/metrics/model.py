"""Owns the table of metrics, one row each, and the values that are written in them. The reference page, the tests of the alert rules and
of the dashboard read the table.

Pure.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Origin(Enum):
    """Where a metric is read."""

    PROCESSES = "summed over the processes of the server that answers"
    LARGEST = "the largest of the processes of the server that answers"
    DATABASE = "of the installation: the same from every server"


@dataclass(frozen=True, slots=True)
class Metric:
    """``steps`` are the upper limits of a histogram, in the metric's unit."""

    name: str
    kind: Kind
    meaning: str
    _: KW_ONLY
    labels: tuple[str, ...] = ()
    origin: Origin = Origin.PROCESSES
    steps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """What is read of a process each second. Connections and what waits are numbers, the delay is in seconds."""

    connections_open: int
    connections_lent: int
    connections_awaited: int
    batches_waiting: int
    loop_delay_seconds: float


@dataclass(frozen=True, slots=True)
class Readings:
    """The values of one metric, by the values of its labels; ``{(): value}`` for one without labels."""

    metric: Metric
    values: Mapping[tuple[str, ...], float]


ANSWER_STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CHORE_STEPS = (0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0)

# fmt: off
ANSWERS = Metric("jobmeter_http_request_seconds", Kind.HISTOGRAM, "Requests, by endpoint, its method and the status of the answer, and how long each took until its answer was ready to be sent", labels=("method", "route", "status"), steps=ANSWER_STEPS)
REFUSALS = Metric("jobmeter_refusals_total", Kind.COUNTER, "Requests refused, by the name of the error in the table of refusals", labels=("code",))
EVENTS = Metric("jobmeter_events_total", Kind.COUNTER, "Events by where they came from (`batch` or `page`) and what became of them: `accepted`, `duplicate`, `rejected`; one from a page is `accepted` once it is recorded, counted or not", labels=("source", "outcome"))
CLICKS_CHARGED = Metric("jobmeter_batch_clicks_charged_total", Kind.COUNTER, "Clicks of batches that were charged")
LOOP_DELAY = Metric("jobmeter_event_loop_delay_seconds", Kind.GAUGE, "By how much a pause of one second was longer last: what else waits for the process", origin=Origin.LARGEST)
REPLICA_BEHIND = Metric("jobmeter_replica_behind_seconds", Kind.GAUGE, "By how many seconds a replica was behind at most when a process looked at it last, or since when it is not known to follow; 0 without a replica", origin=Origin.LARGEST)
POOL_OPEN = Metric("jobmeter_pool_connections", Kind.GAUGE, "Connections to the database that are open")
POOL_LENT = Metric("jobmeter_pool_connections_lent", Kind.GAUGE, "Connections to the database that are in use")
POOL_WAITING = Metric("jobmeter_pool_waiting", Kind.GAUGE, "Requests and chores that wait for a connection")
BATCHES_WAITING = Metric("jobmeter_batches_waiting", Kind.GAUGE, "Batches of events that wait to be recorded")
CHORE_SECONDS = Metric("jobmeter_chore_seconds", Kind.HISTOGRAM, "How long chores took that found work", labels=("chore",), steps=CHORE_STEPS)
CHORE_FAILURES = Metric("jobmeter_chore_failures_total", Kind.COUNTER, "Chores that failed, to be tried again", labels=("chore",))

DATABASE_UP = Metric("jobmeter_database_up", Kind.GAUGE, "1 if the database can be used; 0 without the metrics that are read there", origin=Origin.DATABASE)
DATABASE_BYTES = Metric("jobmeter_database_bytes", Kind.GAUGE, "Size of the database", origin=Origin.DATABASE)
DATABASE_CONNECTIONS = Metric("jobmeter_database_connections", Kind.GAUGE, "Connections of all processes to the database", origin=Origin.DATABASE)
DATABASE_CONNECTIONS_MAX = Metric("jobmeter_database_connections_max", Kind.GAUGE, "Connections that the database server allows", origin=Origin.DATABASE)
ARCHIVE_BYTES = Metric("jobmeter_archive_bytes", Kind.GAUGE, "Log of the database that is kept for the archive because it is not copied yet; none without an archive", origin=Origin.DATABASE)
LEDGER_NUMBER = Metric("jobmeter_ledger_number_total", Kind.COUNTER, "The highest number that a posting of the ledger has received", origin=Origin.DATABASE)
DAYS_DUE = Metric("jobmeter_settlement_due", Kind.GAUGE, "Days that are due to be settled and are not final", origin=Origin.DATABASE)
OLDEST_DUE = Metric("jobmeter_settlement_late_seconds", Kind.GAUGE, "How long the earliest such day has been due; 0 without one", origin=Origin.DATABASE)
QUEUE_LENGTH = Metric("jobmeter_queue_waiting", Kind.GAUGE, "What waits for a chore, by queue", labels=("queue",), origin=Origin.DATABASE)
QUEUE_SECONDS = Metric("jobmeter_queue_oldest_seconds", Kind.GAUGE, "How long the first of a queue has waited, or is overdue; 0 where that is not known", labels=("queue",), origin=Origin.DATABASE)
STREAM_WAITING = Metric("jobmeter_stream_messages_waiting", Kind.GAUGE, "Messages that waited in a log when a consumer looked at it last, by stream and partition", labels=("stream", "partition"), origin=Origin.DATABASE)
STREAM_SEEN = Metric("jobmeter_stream_seen_timestamp_seconds", Kind.GAUGE, "When a consumer last read a partition of a log, or saw that nothing is there, by the installation's clock", labels=("stream", "partition"), origin=Origin.DATABASE)
STREAM_EVENTS = Metric("jobmeter_stream_events_total", Kind.COUNTER, "Events of a log, and what became of them: `accepted`, `duplicate`, `rejected`", labels=("stream", "outcome"), origin=Origin.DATABASE)
CHORE_RAN = Metric("jobmeter_chore_ran_timestamp_seconds", Kind.GAUGE, "When a chore ran last, to about a minute, by the installation's clock", labels=("chore",), origin=Origin.DATABASE)
CHORE_FAILED = Metric("jobmeter_chore_failed_timestamp_seconds", Kind.GAUGE, "When a chore failed last, if it did", labels=("chore",), origin=Origin.DATABASE)
CLOCK = Metric("jobmeter_clock_timestamp_seconds", Kind.GAUGE, "The installation's clock; a sandbox's can be moved", origin=Origin.DATABASE)
BUILD = Metric("jobmeter_build_info", Kind.GAUGE, "1, with the versions of Jobmeter and Python", labels=("version", "python"), origin=Origin.DATABASE)

METRICS = (
    ANSWERS, REFUSALS, EVENTS, CLICKS_CHARGED, LOOP_DELAY, REPLICA_BEHIND, POOL_OPEN, POOL_LENT, POOL_WAITING,
    BATCHES_WAITING, CHORE_SECONDS, CHORE_FAILURES, DATABASE_UP, DATABASE_BYTES, DATABASE_CONNECTIONS,
    DATABASE_CONNECTIONS_MAX, ARCHIVE_BYTES, LEDGER_NUMBER, DAYS_DUE, OLDEST_DUE, QUEUE_LENGTH, QUEUE_SECONDS, STREAM_WAITING,
    STREAM_SEEN, STREAM_EVENTS, CHORE_RAN,
    CHORE_FAILED, CLOCK, BUILD,
)
# fmt: on
