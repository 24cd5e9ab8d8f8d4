"""Owns the statements of the request log, one function each. Does not own when they run."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import change_rows, list_rows
from jobmeter.database.statements import arrays_of, load_statements, vars_of
from jobmeter.request_log.model import LogFilter, LoggedRequest, RequestRow

SQL = load_statements("jobmeter.request_log")


async def lock_log(connection: Connection) -> None:
    await connection.execute(SQL["lock_log"])


async def insert_requests(connection: Connection, rows: list[RequestRow]) -> None:
    await connection.execute(SQL["insert_requests"], arrays_of(RequestRow, rows))


async def list_after(connection: Connection, wanted: LogFilter) -> list[LoggedRequest]:
    return await list_rows(connection, LoggedRequest, SQL["list_after"], vars_of(wanted))


async def list_before(connection: Connection, wanted: LogFilter) -> list[LoggedRequest]:
    return await list_rows(connection, LoggedRequest, SQL["list_before"], vars_of(wanted))


async def delete_old_requests(connection: Connection, *, received_before: datetime, delete_max: int) -> int:
    parameters = {"received_before": received_before, "delete_max": delete_max}
    return await change_rows(connection, SQL["delete_old_requests"], parameters)


async def delete_excess_requests(connection: Connection, *, rows_max: int, delete_max: int) -> int:
    parameters = {"rows_max": rows_max, "delete_max": delete_max}
    return await change_rows(connection, SQL["delete_excess_requests"], parameters)


async def erase_requests(connection: Connection, *, email: str) -> int:
    return await change_rows(connection, SQL["erase_requests"], {"email": email})
