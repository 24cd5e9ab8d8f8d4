"""Owns ``jobmeter capacity``: prints which machines so many events and jobs need. Does not own how that is computed (``operations``)."""

from dataclasses import asdict
from typing import Annotated, Any

from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import JsonOption, whole_number
from jobmeter.cli.output import print_json
from jobmeter.operations.capacity import (
    GIGABYTE,
    SERVER_CORES,
    Costs,
    Demand,
    Plan,
    plan_capacity,
    read_costs,
)

EVENTS_MAX = 10**15
TERABYTE = 1_000 * GIGABYTE
MEGABYTE = 1_000_000


def capacity(
    *,
    events_per_day: Annotated[
        int, whole_number(least=1, most=EVENTS_MAX, meaning="Views and apply clicks of a day.")
    ],
    jobs: Annotated[
        int, whole_number(least=1, most=EVENTS_MAX, meaning="Jobs that are live at the same time.")
    ],
    clicks_percent: Annotated[
        int, whole_number(least=0, most=100, meaning="How many of a hundred events are apply clicks.")
    ] = 10,
    links_percent: Annotated[
        int,
        whole_number(
            least=0,
            most=100,
            meaning="How many of a hundred clicks follow an apply link, one by one, and are not sent in batches.",
        ),
    ] = 0,
    peak: Annotated[
        int,
        whole_number(least=1, most=24, meaning="The busiest hour as a multiple of the average one."),
    ] = 3,
    event_days: Annotated[int, whole_number(least=4, most=3_650, meaning="How long events are kept.")] = 90,
    reports_per_day: Annotated[
        int | None,
        whole_number(
            least=0,
            most=EVENTS_MAX,
            meaning="Requests of ten jobs' reports of a month; default: each job once a day.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Computes from measured costs which machines so many events and jobs need, and where one database is not enough.

    Example: jobmeter capacity --events-per-day 100000000 --jobs 1000000
    """
    demand = Demand(
        events_per_day=events_per_day,
        jobs=jobs,
        clicks_percent=clicks_percent,
        links_percent=links_percent,
        peak=peak,
        event_days=event_days,
        reports_per_day=reports_per_day,
    )
    costs = read_costs()
    plan = plan_capacity(demand, costs)
    if json:
        print_json(describe_plan(demand, plan, costs))
    else:
        print_plan(plan, costs)


def describe_plan(demand: Demand, plan: Plan, costs: Costs) -> dict[str, Any]:
    """What is printed as JSON."""
    limits = [asdict(one) | {"databases": one.databases} for one in plan.limits]
    return {
        "demand": asdict(demand),
        "plan": asdict(plan) | {"limits": limits, "databases": plan.databases},
        "measured": dict(costs.measured),
    }


def print_plan(plan: Plan, costs: Costs) -> None:
    console = Terminal()
    for name, value in _list_values(plan):
        console.print_line(f"{name:<34} {value}")
    for one in plan.limits:
        if one.databases > 1:
            text = f"{one.needed:,.0f} {one.unit} are more than the {one.most:,.0f} of one database"
            console.print_line(f"{one.name}: {text}", style="yellow")
    console.print_line(
        "One database is enough; a standby of the same size takes over from it."
        if plan.databases == 1
        else f"That is the size of {plan.databases:,} databases; docs/scale.md says what to do about it."
    )
    measured = costs.measured
    console.print_line(
        f"From costs that {measured['with']} measured on {measured['on']} ({measured['system']}, {measured['cores']} cores)."
        " Half of each machine is left free in the busiest hour."
    )


def _list_values(plan: Plan) -> list[tuple[str, str]]:
    disk = plan.disk
    machines = f"{plan.server_machines:,} with up to {SERVER_CORES} cores"
    return [
        ("Events a second", f"{plan.events_per_second:,.0f}"),
        ("Events a second, busiest hour", f"{plan.peak_events_per_second:,.0f}"),
        ("Servers: cores", f"{plan.server_cores:,}"),
        ("Servers: machines", machines),
        ("Servers: memory", _write_bytes(plan.server_bytes)),
        ("Database: cores", f"{plan.database_cores:,}"),
        ("Database: memory", _write_bytes(plan.database_bytes)),
        ("Database: disk after a year", _write_bytes(disk.total)),
        ("  events", _write_bytes(disk.events)),
        ("  figures by day", _write_bytes(disk.job_days)),
        ("  figures by month", _write_bytes(disk.job_months)),
        ("  postings, at most", _write_bytes(disk.postings)),
        ("  jobs", _write_bytes(disk.jobs)),
        ("Database: disk, each later year", _write_bytes(disk.grows_yearly)),
        ("Log (WAL) a day", _write_bytes(plan.log_bytes_per_day)),
        ("Log (WAL) a second, busiest hour", _write_bytes(plan.peak_log_bytes_per_second)),
        ("Settling a day", f"{plan.settlement_hours:,.2f} hours of one process"),
    ]


def _write_bytes(number: float) -> str:
    for size, unit in ((TERABYTE, "TB"), (GIGABYTE, "GB"), (MEGABYTE, "MB")):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 1_000:,.1f} kB"
