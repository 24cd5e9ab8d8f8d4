"""Owns noting when chores ran, worked or failed: in this process at once, in the database about once a minute.

Does not own running them (``chores``). Storing each run would cost more than most of them do.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from jobmeter.database.pool import Database
from jobmeter.telemetry.logs.flow import begin_chore
from jobmeter.telemetry.metrics.flow import time_chore
from jobmeter.telemetry.traces.flow import chore_span
from jobmeter.upkeep import flow as upkeep
from jobmeter.upkeep.model import ChoreRun


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Timed(Protocol):
    @property
    def now(self) -> datetime: ...


NamedT = TypeVar("NamedT", bound=Named)
TimedT = TypeVar("TimedT", bound=Timed)
RunOnce = Callable[[Database, NamedT, TimedT], Awaitable[int]]

# What ran in this process since it was stored last.
_RUNS: WeakKeyDictionary[Database, dict[str, ChoreRun]] = WeakKeyDictionary()


def noted(run: RunOnce[NamedT, TimedT]) -> RunOnce[NamedT, TimedT]:
    """Notes each run of a chore, whether it worked, and whether it failed."""

    @wraps(run)
    async def run_noted(database: Database, chore: NamedT, occasion: TimedT) -> int:
        begin_chore(chore.name)
        try:
            with time_chore(chore.name) as found, chore_span(chore.name, found):
                worked = await run(database, chore, occasion)
                found.append(worked)
        except Exception:
            note(database, chore.name, at=occasion.now, is_failed=True)
            raise
        note(database, chore.name, at=occasion.now, has_worked=worked > 0)
        begin_chore("")
        return worked

    return run_noted


def note(
    database: Database, name: str, *, at: datetime, has_worked: bool = False, is_failed: bool = False
) -> None:
    runs = _RUNS.setdefault(database, {})
    before = runs.get(name) or ChoreRun(name=name, ran_at=at, worked_at=None, failed_at=None)
    runs[name] = ChoreRun(
        name=name,
        ran_at=at,
        worked_at=at if has_worked else before.worked_at,
        failed_at=at if is_failed else before.failed_at,
    )


async def save_runs(database: Database) -> None:
    """Stores what was noted since."""
    runs = list(_RUNS.pop(database, {}).values())
    async with database.transaction() as connection:
        await upkeep.save_runs(connection, runs)
