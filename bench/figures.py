"""Owns the table of figures: name, unit, what limits it, target; and which measurement gives which figures.

Does not own a measurement.
"""

from collections.abc import Callable
from datetime import datetime

from bench.feeds import measure_feeds
from bench.intake import measure_intake
from bench.machine import Machine
from bench.measurement import Figure, Measured, Sizes
from bench.settlement import measure_settlement

Measure = Callable[[Machine, Sizes, datetime], dict[str, Measured]]

COPY = "COPY of the same rows, no index"
PARSE = "lxml.iterparse over the same file"

FIGURES = (
    # name, unit, group, what limits it, target of the ratio
    Figure("intake_batch", "events/s", "intake", COPY, 0.10),
    Figure("intake_batch_p50", "ms", "intake"),
    Figure("intake_batch_p99", "ms", "intake"),
    Figure("intake_mixed", "events/s", "intake", COPY),
    Figure("intake_hot_job", "events/s", "intake", "intake_batch", 0.90),
    Figure("copy_by_all", "rows/s", "intake", "COPY by one connection"),
    Figure("settlement", "rows/s", "settlement", "SELECT job_id, count(*)", 0.30, is_large=True),
    Figure("feed_first", "jobs/s", "feeds", PARSE, 0.10),
    Figure("feed_reload", "jobs/s", "feeds", PARSE, 0.50),
    Figure("feed_peak_memory", "MB", "feeds"),
)

GROUPS: dict[str, Measure] = {
    "intake": measure_intake,
    "settlement": measure_settlement,
    "feeds": measure_feeds,
}
