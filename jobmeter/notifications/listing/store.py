"""Owns the statements that read endpoints of all applications, one function each. Does not own when they run."""

from jobmeter.database.connection import Connection
from jobmeter.database.rows import find_row, list_rows
from jobmeter.database.statements import load_statements
from jobmeter.notifications.model import NotificationEndpoint, PartnerEndpoint

SQL = load_statements("jobmeter.notifications.listing")


async def list_all_endpoints(
    connection: Connection, *, after: int, rows_max: int
) -> list[NotificationEndpoint]:
    parameters = {"after": after, "rows_max": rows_max}
    return await list_rows(connection, NotificationEndpoint, SQL["list_all_endpoints"], parameters)


async def list_application_endpoints(
    connection: Connection, *, application_id: int, after: int, rows_max: int
) -> list[NotificationEndpoint]:
    parameters = {"application_id": application_id, "after": after, "rows_max": rows_max}
    return await list_rows(connection, NotificationEndpoint, SQL["list_application_endpoints"], parameters)


async def find_any_endpoint(connection: Connection, *, endpoint_id: int) -> NotificationEndpoint | None:
    return await find_row(
        connection, NotificationEndpoint, SQL["find_any_endpoint"], {"endpoint_id": endpoint_id}
    )


async def list_partner_endpoints(
    connection: Connection, *, partner_id: int, endpoint_id: int | None, after: int, rows_max: int
) -> list[PartnerEndpoint]:
    parameters = {
        "partner_id": partner_id,
        "endpoint_id": endpoint_id,
        "after": after,
        "rows_max": rows_max,
    }
    return await list_rows(connection, PartnerEndpoint, SQL["list_partner_endpoints"], parameters)


async def lock_partner_endpoint(
    connection: Connection, *, partner_id: int, endpoint_id: int
) -> NotificationEndpoint | None:
    parameters = {"partner_id": partner_id, "endpoint_id": endpoint_id}
    return await find_row(connection, NotificationEndpoint, SQL["lock_partner_endpoint"], parameters)
