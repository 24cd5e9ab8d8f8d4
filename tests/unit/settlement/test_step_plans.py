"""A step of settlement reads the marks of a day once, however few of them the planner expects."""

from datetime import date

import psycopg
import pytest

from jobmeter.charging.corrections.store import SQL as CORRECTIONS
from jobmeter.settlement.days.store import SQL

MARKS = "event_reversals"


def list_joined(plan: dict, *, is_joined: bool = False) -> list[str]:
    """The tables below a join."""
    is_joined = is_joined or plan["Node Type"] == "Nested Loop" or plan["Node Type"].endswith("Join")
    found = [plan["Relation Name"]] if is_joined and "Relation Name" in plan else []
    return found + [name for part in plan.get("Plans", ()) for name in list_joined(part, is_joined=is_joined)]


@pytest.mark.parametrize("shard", [None, 7])
def test_marks_are_not_joined_with_the_jobs_of_a_step(database_url, shard):
    text, of_shard = SQL.name_shard("claim_jobs", shard)
    with psycopg.connect(database_url) as connection:
        connection.execute(CORRECTIONS["create_requested_reversals"])
        values = {"day": date(2026, 3, 1), "jobs_max": 2_000, **of_shard}
        ((plan,),) = connection.execute(f"EXPLAIN (FORMAT json) {text}", values).fetchone()
    joined = list_joined(plan["Plan"])
    assert "settlement_jobs" in joined
    assert MARKS not in joined
    assert MARKS in str(plan)
