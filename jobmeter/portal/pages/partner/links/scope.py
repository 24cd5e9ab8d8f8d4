"""Owns whose links a page shows: the partner of the chosen role, and whether its person may change them."""

from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.people.model import Role
from jobmeter.portal.frame.visit import Visit


def read_partner(visit: Visit) -> int:
    partner_id = visit.signed_in.grant.partner_id
    assert partner_id is not None, "the role is bound to a partner"
    return partner_id


def may_change(visit: Visit) -> bool:
    return visit.signed_in.grant.role is Role.PARTNER_MANAGER


async def find_parent(connection: Connection, visit: Visit) -> Application:
    """Returns the partner's parent application."""
    found = await partners.find_application(connection, application_id=read_partner(visit))
    assert found is not None, "partners are never deleted"
    return found
