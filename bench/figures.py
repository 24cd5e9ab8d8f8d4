"""Owns the table of figures: name, unit, what limits it, target; and which measurement gives which figures.

Does not own a measurement.
"""

from collections.abc import Callable
from datetime import datetime

from bench.intake import measure_intake
from bench.machine import Machine
from bench.measurement import Figure, Measured, Sizes

Measure = Callable[[Machine, Sizes, datetime], dict[str, Measured]]

COPY = "COPY of the same rows into a table without an index"

FIGURES = (
    # name, unit, group, what limits it, target of the ratio
    Figure("intake_batch", "events/s", "intake", COPY, 0.10),
    Figure("intake_batch_p50", "ms", "intake"),
    Figure("intake_batch_p99", "ms", "intake"),
    Figure("intake_hot_job", "events/s", "intake", "intake_batch: the same events over all jobs", 0.90),
)

GROUPS: dict[str, Measure] = {"intake": measure_intake}
