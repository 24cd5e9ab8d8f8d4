"""Owns what an installation needs for so many events and jobs: processor cores, memory, disk and log, and whether one database is enough.

Computed from costs that ``python -m bench.costs`` measures on one machine. Does not own measuring them.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COSTS = Path(__file__).with_name("costs.json")

DAY_SECONDS = 86_400
MICROSECONDS = 1_000_000
GIGABYTE = 1_000_000_000
# A machine that is busy for more of the time makes its callers wait.
BUSY_SHARE_MAX = 0.5
SERVER_CORES = 16  # of one machine
CONNECTION_BYTES = 20_000_000  # of a process of the database, without what all share
CONNECTIONS_PER_CORE = 12
DATABASE_BYTES_MIN = 4 * GIGABYTE
JOB_RUN_DAYS = 30  # a job is posted again, or another one in its place
REPORT_JOBS = 10  # of one request
YEAR_DAYS = 366
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one unit: microseconds of the server's and of the database's processors, bytes of the log, and bytes that are kept."""

    server_us: float
    database_us: float
    log_bytes: float
    kept_bytes: float


@dataclass(frozen=True, slots=True)
class Costs:
    """By name: ``view`` and ``click`` of batches, ``single_click`` by a link, ``job`` posted, ``job_held`` (what is read with each
    of its events), ``job_day``, ``job_month``, ``posting``, ``settled_event`` and ``report``. ``measured`` says when and how.
    """

    by_name: Mapping[str, Cost]
    server_process_bytes: int
    measured: Mapping[str, str | int]


def read_costs(path: Path = COSTS) -> Costs:
    """Returns the costs that come with this version."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Costs(
        by_name={name: Cost(**cost) for name, cost in content["costs"].items()},
        server_process_bytes=content["memory"]["server_process_bytes"],
        measured=content["measured"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is expected. ``peak`` is the busiest hour as a multiple of the average one; clicks and links are in percent."""

    events_per_day: int
    jobs: int
    clicks_percent: int = 10
    links_percent: int = 0
    peak: int = 3
    event_days: int = 90
    reports_per_day: int | None = None

    @property
    def clicks_per_day(self) -> float:
        return self.events_per_day * self.clicks_percent / 100

    @property
    def job_days_per_day(self) -> int:
        """At most: each job that has an event on the day."""
        return min(self.jobs, self.events_per_day)

    def count_units(self) -> dict[str, float]:
        """What is done on a day, by the name of its cost. Each job is reported once, in requests of ten, unless it is said otherwise."""
        singles = self.clicks_per_day * self.links_percent / 100
        reports = self.jobs / REPORT_JOBS if self.reports_per_day is None else self.reports_per_day
        return {
            "view": self.events_per_day - self.clicks_per_day,
            "click": self.clicks_per_day - singles,
            "single_click": singles,
            "settled_event": self.events_per_day,
            "job": self.jobs / JOB_RUN_DAYS,
            "job_day": self.job_days_per_day,
            "report": reports,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Bytes that are kept: of events for as long as they are kept, of figures by day for a year, of all else after one year."""

    events: float
    job_days: float
    job_months: float
    postings: float
    jobs: float

    @property
    def total(self) -> float:
        return self.events + self.job_days + self.job_months + self.postings + self.jobs

    @property
    def grows_yearly(self) -> float:
        """What each later year adds, because it is never deleted."""
        return self.job_months + self.postings


@dataclass(frozen=True, slots=True)
class Limit:
    """What one database can do, and what is needed of it."""

    name: str
    unit: str
    needed: float
    most: float

    @property
    def databases(self) -> int:
        return max(1, math.ceil(self.needed / self.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is needed. Cores are those of the busiest hour, of which half is left free."""

    events_per_second: float
    peak_events_per_second: float
    server_cores: int
    server_machines: int
    server_bytes: float
    database_cores: int
    database_bytes: float
    disk: Disk
    log_bytes_per_day: float
    peak_log_bytes_per_second: float
    settlement_hours: float
    limits: tuple[Limit, ...]

    @property
    def databases(self) -> int:
        """How many databases of the largest size it would be, by the limit that is reached first."""
        return max(one.databases for one in self.limits)


def plan_capacity(demand: Demand, costs: Costs) -> Plan:
    """Adds up the costs of a day."""
    done = [(costs.by_name[name], units) for name, units in demand.count_units().items()]
    server_cores = _count_cores(sum(cost.server_us * units for cost, units in done), demand.peak)
    database_cores = _count_cores(sum(cost.database_us * units for cost, units in done), demand.peak)
    log_bytes = sum(cost.log_bytes * units for cost, units in done)
    peak_log = log_bytes / DAY_SECONDS * demand.peak
    connections = min(server_cores * CONNECTIONS_PER_CORE, database_cores * 10)
    database_bytes = (
        DATABASE_BYTES_MIN
        + demand.jobs * costs.by_name["job_held"].kept_bytes
        + connections * CONNECTION_BYTES
    )
    disk = _plan_disk(demand, costs)
    hours = demand.events_per_day * costs.by_name["settled_event"].database_us / MICROSECONDS / 3_600
    return Plan(
        events_per_second=demand.events_per_day / DAY_SECONDS,
        peak_events_per_second=demand.events_per_day / DAY_SECONDS * demand.peak,
        server_cores=server_cores,
        server_machines=math.ceil(server_cores / SERVER_CORES),
        server_bytes=server_cores * costs.server_process_bytes,
        database_cores=database_cores,
        database_bytes=database_bytes,
        disk=disk,
        log_bytes_per_day=log_bytes,
        peak_log_bytes_per_second=peak_log,
        settlement_hours=hours,
        limits=(
            Limit("processor", "cores", database_cores, 64),
            Limit("memory", "GB", database_bytes / GIGABYTE, 1_000),
            Limit("disk", "TB", disk.total / GIGABYTE / 1_000, 30),
            Limit("log in the busiest hour", "MB/s", peak_log / MICROSECONDS, 200),
            Limit("settling a day, by one process", "hours", hours, 6),
        ),
    )


def _count_cores(microseconds_per_day: float, peak: int) -> int:
    return max(1, math.ceil(microseconds_per_day / MICROSECONDS / DAY_SECONDS * peak / BUSY_SHARE_MAX))


def _plan_disk(demand: Demand, costs: Costs) -> Disk:
    kept = {name: cost.kept_bytes for name, cost in costs.by_name.items()}
    clicks, views = demand.clicks_per_day, demand.events_per_day - demand.clicks_per_day
    months = min(demand.jobs, demand.events_per_day * JOB_RUN_DAYS)
    return Disk(
        events=(views * kept["view"] + clicks * kept["click"]) * demand.event_days,
        job_days=demand.job_days_per_day * kept["job_day"] * YEAR_DAYS,
        job_months=months * kept["job_month"] * MONTHS,
        postings=clicks * kept["posting"] * YEAR_DAYS,
        jobs=demand.jobs * kept["job"] * (1 + YEAR_DAYS // JOB_RUN_DAYS),
    )
