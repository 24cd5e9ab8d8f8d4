"""Owns the statements of a sandbox's controls, one function each. Does not own when they run."""

from dataclasses import dataclass

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, find_scalar, list_rows, read_row
from jobmeter.database.statements import arrays_of, load_statements, vars_of
from jobmeter.sandbox_controls.model import (
    ControlsState,
    DueEvent,
    ForcedFailure,
    LabelCount,
    PlannedEvent,
    Traffic,
)

SQL = load_statements("jobmeter.sandbox_controls")


@dataclass(frozen=True, slots=True)
class LabelledEvent:
    event_id: str
    label: str


async def find_traffic(connection: Connection) -> Traffic | None:
    return await find_row(connection, Traffic, SQL["find_traffic"])


async def lock_traffic(connection: Connection) -> Traffic | None:
    return await find_row(connection, Traffic, SQL["lock_traffic"])


async def save_traffic(connection: Connection, traffic: Traffic) -> None:
    await connection.execute(SQL["save_traffic"], vars_of(traffic))


async def delete_waiting_events(connection: Connection) -> None:
    await connection.execute(SQL["delete_waiting_events"])


async def delete_old_events(connection: Connection, *, before_ms: int) -> None:
    await connection.execute(SQL["delete_old_events"], {"before_ms": before_ms})


async def insert_events(connection: Connection, rows: list[PlannedEvent]) -> None:
    await connection.execute(SQL["insert_events"], arrays_of(PlannedEvent, rows))


async def list_due_events(connection: Connection, *, until_ms: int, rows_max: int) -> list[DueEvent]:
    parameters = {"until_ms": until_ms, "rows_max": rows_max}
    return await list_rows(connection, DueEvent, SQL["list_due_events"], parameters)


async def mark_sent(connection: Connection, *, numbers: list[int], labels: list[str]) -> None:
    await connection.execute(SQL["mark_sent"], {"numbers": numbers, "labels": labels})


async def count_labels(connection: Connection) -> list[LabelCount]:
    return await list_rows(connection, LabelCount, SQL["count_labels"])


async def list_labels(connection: Connection, *, before_ms: int, rows_max: int) -> list[LabelledEvent]:
    parameters = {"before_ms": before_ms, "rows_max": rows_max}
    return await list_rows(connection, LabelledEvent, SQL["list_labels"], parameters)


async def find_failure(connection: Connection) -> ForcedFailure | None:
    return await find_row(connection, ForcedFailure, SQL["find_failure"])


async def take_failure(connection: Connection) -> int | None:
    return await find_scalar(connection, int, SQL["take_failure"])


async def save_failure(connection: Connection, failure: ForcedFailure) -> None:
    await connection.execute(SQL["save_failure"], vars_of(failure))


async def delete_failure(connection: Connection) -> None:
    await connection.execute(SQL["delete_failure"])


async def read_state(connection: Connection) -> ControlsState:
    return await read_row(connection, ControlsState, SQL["read_state"])
