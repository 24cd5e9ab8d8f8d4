"""Owns the verbs of a sandbox's controls: turn traffic on and off, keep its events until they are due, force an error.

Does not own what the events are or how they are sent (``jobmeter.sandbox.traffic``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.sandbox_controls import store
from jobmeter.sandbox_controls.model import (
    CALLS_MAX,
    NO_TRAFFIC,
    VIEWS_PER_JOB_DAY_MAX,
    ControlsState,
    DueEvent,
    ForcedFailure,
    LabelCount,
    PlannedEvent,
    Traffic,
)

KEPT = timedelta(days=8)  # of which four are final, and can be scored
SCORED_EVENTS_MAX = 50_000


async def read_state(connection: Connection) -> ControlsState:
    return await store.read_state(connection)


async def read_traffic(connection: Connection) -> Traffic:
    return await store.find_traffic(connection) or NO_TRAFFIC


async def set_traffic(
    connection: Connection, *, is_on: bool, views_per_job_day: int, now: datetime
) -> Traffic:
    """Visitors come from now on. When they are turned off, those that did not come yet never will.

    Raises ``Refused(OPERATOR_INPUT)``.
    """
    if not 1 <= views_per_job_day <= VIEWS_PER_JOB_DAY_MAX:
        why = f"is between 1 and {VIEWS_PER_JOB_DAY_MAX}"
        raise Refused(Fault.OPERATOR_INPUT, field="viewsPerJobDay", why=why)
    former = await read_traffic(connection)
    is_begun = is_on and former.is_on
    traffic = Traffic(
        is_on=is_on,
        views_per_job_day=views_per_job_day,
        made_until_ms=former.made_until_ms if is_begun else to_ms(now),
    )
    await store.save_traffic(connection, traffic)
    if not is_on:
        await store.delete_waiting_events(connection)
    return traffic


async def lock_traffic(connection: Connection) -> Traffic | None:
    """Returns the traffic if it is on; until the end of the transaction no other process makes or sends events."""
    return await store.lock_traffic(connection)


async def plan_events(
    connection: Connection, traffic: Traffic, events: Sequence[PlannedEvent], *, now: datetime
) -> None:
    """Keeps new events until they are due, and says in ``traffic`` how far they are made."""
    await store.insert_events(connection, list(events))
    await store.save_traffic(connection, traffic)
    await store.delete_old_events(connection, before_ms=to_ms(now - KEPT))


async def list_due_events(connection: Connection, *, now: datetime, rows_max: int) -> list[DueEvent]:
    """In the order in which they are delivered."""
    return await store.list_due_events(connection, until_ms=to_ms(now), rows_max=rows_max)


async def mark_sent(connection: Connection, events: Sequence[DueEvent]) -> None:
    """Their labels are final now."""
    await store.mark_sent(
        connection, numbers=[one.number for one in events], labels=[one.label for one in events]
    )


async def count_labels(connection: Connection) -> list[LabelCount]:
    return await store.count_labels(connection)


async def list_labels(connection: Connection, *, before: datetime) -> Mapping[str, str]:
    """Returns the labels of the events before a moment by their ids, the newest of very many."""
    found = await store.list_labels(connection, before_ms=to_ms(before), rows_max=SCORED_EVENTS_MAX)
    return {one.event_id: one.label for one in found}


async def find_failure(connection: Connection) -> ForcedFailure | None:
    return await store.find_failure(connection)


async def set_failure(connection: Connection, *, code: int | None, calls: int | None) -> None:
    """The next ``calls`` calls return the error with this code; without a number all do, without a code none.

    Raises ``Refused(OPERATOR_INPUT)``.
    """
    if code is None:
        await store.delete_failure(connection)
        return
    if Fault.find(code) is None:
        raise Refused(Fault.OPERATOR_INPUT, field="code", why=f"no error has the code {code}")
    if calls is not None and not 1 <= calls <= CALLS_MAX:
        raise Refused(Fault.OPERATOR_INPUT, field="calls", why=f"is between 1 and {CALLS_MAX}")
    await store.save_failure(connection, ForcedFailure(code=code, calls_left=calls))


async def take_failure(connection: Connection) -> int | None:
    """Returns the code of the error that this call returns on purpose, and counts the call."""
    return await store.take_failure(connection)
