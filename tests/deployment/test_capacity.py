"""The machines that ``jobmeter capacity`` computes: added up by hand for simple costs, and from the costs that are kept."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from jobmeter.cli.main import main
from jobmeter.operations.capacity import YEAR_DAYS, Cost, Costs, Demand, plan_capacity, read_costs

UNITS = ("view", "click", "single_click", "settled_event", "job", "job_day", "report")
ONE = Cost(server_us=1, database_us=2, log_bytes=3, kept_bytes=4)
NOTHING = Cost(server_us=0, database_us=0, log_bytes=0, kept_bytes=0)
NAMES = (*UNITS, "job_held", "job_month", "posting")
DEMAND = Demand(events_per_day=864_000_000, jobs=1_000, clicks_percent=20, links_percent=50, peak=2)


def plan(demand=DEMAND, **changed):
    costs = Costs(
        by_name=dict.fromkeys(NAMES, NOTHING) | changed, server_process_bytes=100, measured={"on": "today"}
    )
    return plan_capacity(demand, costs)


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("view", 864_000_000 * 0.8),
        ("click", 864_000_000 * 0.1),
        ("single_click", 864_000_000 * 0.1),
        ("settled_event", 864_000_000),
        ("job", 1_000 / 30),
        ("job_day", 1_000),
        ("report", 100),
    ],
)
def test_each_cost_is_counted_for_its_units(name, units):
    assert plan(**{name: ONE}).log_bytes_per_day == pytest.approx(3 * units)


def test_cores_are_those_of_the_busiest_hour_and_half_is_left_free():
    # 8,000 views a second of 100 microseconds are 0.8 of a processor, twice that in the busiest hour.
    found = plan(view=replace(ONE, server_us=100, database_us=1_000))
    assert (found.server_cores, found.database_cores) == (4, 32)
    assert (found.server_machines, found.server_bytes) == (1, 400)
    assert (found.events_per_second, found.peak_events_per_second) == (10_000, 20_000)
    assert plan(view=replace(ONE, server_us=1_000)).server_machines == 2


def test_disk_is_what_is_kept_for_its_time():
    found = plan(replace(DEMAND, event_days=10), view=ONE, click=replace(ONE, kept_bytes=5)).disk
    assert found.events == 864_000_000 * (0.8 * 4 + 0.2 * 5) * 10
    found = plan(posting=ONE, job_month=ONE, job_day=ONE, job=ONE).disk
    assert found.postings == 864_000_000 * 0.2 * 4 * YEAR_DAYS
    assert (found.job_months, found.job_days, found.jobs) == (
        1_000 * 4 * 12,
        1_000 * 4 * YEAR_DAYS,
        1_000 * 4 * 13,
    )
    assert found.grows_yearly == found.postings + found.job_months
    assert found.total == found.grows_yearly + found.job_days + found.jobs


def test_one_database_is_enough_until_a_limit_is_passed():
    enough = plan(view=replace(NOTHING, database_us=2_000))
    beyond = plan(view=replace(NOTHING, database_us=2_001))
    assert (enough.database_cores, enough.databases) == (64, 1)
    assert (beyond.database_cores, beyond.databases) == (65, 2)
    assert [one.name for one in beyond.limits if one.databases > 1] == ["processor"]
    slow = plan(settled_event=replace(NOTHING, database_us=100))  # 24 hours of one process
    assert (slow.settlement_hours, slow.databases) == (24, 4)


def test_the_kept_costs_are_complete_and_more_events_never_need_less():
    costs = read_costs()
    assert set(costs.by_name) == set(NAMES)
    assert all(costs.by_name[name].database_us > 0 for name in UNITS)
    assert all(costs.by_name[name].kept_bytes > 0 for name in ("view", "click", "job", "job_held", "posting"))
    plans = [plan_capacity(Demand(events_per_day=10**size, jobs=10**5), costs) for size in range(3, 13)]
    for smaller, larger in pairwise(plans):
        assert smaller.server_cores <= larger.server_cores
        assert smaller.database_cores <= larger.database_cores
        assert smaller.disk.total < larger.disk.total
        assert smaller.databases <= larger.databases
    assert (plans[0].databases, plans[-1].databases > 1) == (1, True)


def run(capsys, *options):
    with pytest.raises(SystemExit) as ended:
        main(["capacity", *options])
    assert not ended.value.code
    return capsys.readouterr().out


def test_the_command_prints_the_plan_plainly_or_as_json(capsys):
    small = ("--events-per-day", "1000000", "--jobs", "100000")
    printed = run(capsys, *small)
    assert "Events a second, busiest hour      35" in printed
    assert "One database is enough" in printed
    found = json.loads(run(capsys, *small, "--json", "--event-days", "45"))
    assert (found["demand"]["event_days"], found["plan"]["databases"]) == (45, 1)
    assert found["plan"]["disk"]["events"] > 0
    large = run(capsys, "--events-per-day", "10000000000", "--jobs", "100000000")
    assert "docs/scale.md" in large
    assert "more than the 30 of one database" in large
