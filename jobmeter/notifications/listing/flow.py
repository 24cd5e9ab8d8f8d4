"""Owns the verbs that read endpoints of all applications, for the operator."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.notifications.listing import store
from jobmeter.notifications.model import NotificationEndpoint


async def list_endpoints(
    connection: Connection, *, after: int, rows_max: int, application_id: int | None = None
) -> list[NotificationEndpoint]:
    """Returns the endpoints of all applications, or of one, in the order of their ids."""
    if application_id is None:
        return await store.list_all_endpoints(connection, after=after, rows_max=rows_max)
    return await store.list_application_endpoints(
        connection, application_id=application_id, after=after, rows_max=rows_max
    )


async def find_endpoint(connection: Connection, *, endpoint_id: int) -> NotificationEndpoint:
    """Returns an endpoint of any application. Raises ``Refused(OPERATOR_UNKNOWN)``, also if it was removed."""
    found = await store.find_any_endpoint(connection, endpoint_id=endpoint_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="webhook", key=endpoint_id)
    return found
