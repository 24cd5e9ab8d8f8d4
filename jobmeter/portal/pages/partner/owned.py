"""Owns whose pages a partner's person sees: the partner of the role that was chosen."""

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.portal.frame.visit import Visit


def find_partner_id(visit: Visit) -> int:
    partner_id = visit.signed_in.grant.partner_id
    assert partner_id is not None, "the role is bound to a partner"
    return partner_id


async def find_parent(connection: Connection, visit: Visit) -> Application:
    """Returns the parent application of the partner whose role was chosen."""
    partner_id = find_partner_id(visit)
    found = await partners.find_application(connection, application_id=partner_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key=partner_id)
    return found
