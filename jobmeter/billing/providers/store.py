"""Owns the statements of events of payment providers, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_scalar, read_scalar
from jobmeter.database.statements import load_statements

SQL = load_statements("jobmeter.billing.providers")


async def is_event_taken(connection: Connection, *, provider: str, event_id: str) -> bool:
    parameters = {"provider": provider, "event_id": event_id}
    return await read_scalar(connection, bool, SQL["is_event_taken"], parameters)


async def insert_provider_event(
    connection: Connection,
    *,
    provider: str,
    event_id: str,
    kind: str,
    payment_id: int | None,
    outcome: str,
    now: datetime,
) -> bool:
    """Returns whether this call inserted it."""
    parameters = {
        "provider": provider,
        "event_id": event_id,
        "kind": kind,
        "payment_id": payment_id,
        "outcome": outcome,
        "now": now,
    }
    return await find_scalar(connection, str, SQL["insert_provider_event"], parameters) is not None
