"""Owns the verbs that read endpoints of several applications: all, for the operator, and a partner's."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.notifications.listing import store
from jobmeter.notifications.model import NotificationEndpoint, PartnerEndpoint


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


async def list_partner_endpoints(
    connection: Connection, *, partner_id: int, after: int, rows_max: int
) -> list[PartnerEndpoint]:
    """Returns the endpoints of a partner's applications in the order of their ids."""
    return await store.list_partner_endpoints(
        connection, partner_id=partner_id, endpoint_id=None, after=after, rows_max=rows_max
    )


async def find_partner_endpoint(
    connection: Connection, *, partner_id: int, endpoint_id: int
) -> PartnerEndpoint:
    """Returns an endpoint of one of a partner's applications. Raises ``Refused(OPERATOR_UNKNOWN)``, also for another partner's."""
    found = await store.list_partner_endpoints(
        connection, partner_id=partner_id, endpoint_id=endpoint_id, after=0, rows_max=1
    )
    if not found:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="webhook", key=endpoint_id)
    return found[0]


async def lock_partner_endpoint(
    connection: Connection, *, partner_id: int, endpoint_id: int
) -> NotificationEndpoint:
    """Locks it for a change. Raises as ``find_partner_endpoint``."""
    found = await store.lock_partner_endpoint(connection, partner_id=partner_id, endpoint_id=endpoint_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="webhook", key=endpoint_id)
    return found
