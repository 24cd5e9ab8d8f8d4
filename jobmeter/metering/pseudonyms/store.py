"""Owns the statements of pseudonyms, one function each. Does not own when they run."""

from datetime import date

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, list_rows
from jobmeter.database.statements import load_statements
from jobmeter.metering.pseudonyms.model import DaySalt

SQL = load_statements("jobmeter.metering.pseudonyms")


async def list_salts(connection: Connection, *, days: list[date]) -> list[DaySalt]:
    """Of those days that may have events."""
    return await list_rows(connection, DaySalt, SQL["list_salts"], {"days": days})


async def delete_old_salts(connection: Connection, *, before: date) -> int:
    return await change_rows(connection, SQL["delete_old_salts"], {"before": before})


async def list_event_days(connection: Connection) -> list[DaySalt]:
    return await list_rows(connection, DaySalt, SQL["list_event_days"])


async def replace_visitor(connection: Connection, *, day: date, visitor: int, substitute: int) -> int:
    parameters = {"day": day, "visitor": visitor, "substitute": substitute}
    return await change_rows(connection, SQL["replace_visitor"], parameters)


async def replace_recent_visitor(
    connection: Connection, *, day: date, kind: int, visitor: int, substitute: int
) -> int:
    parameters = {"day": day, "kind": kind, "visitor": visitor, "substitute": substitute}
    return await change_rows(connection, SQL["replace_recent_visitor"], parameters)


async def replace_excluded_visitor(connection: Connection, *, visitor: int, substitute: int) -> int:
    parameters = {"visitor": visitor, "substitute": substitute}
    return await change_rows(connection, SQL["replace_excluded_visitor"], parameters)
