"""``/portal`` and the first page of each role."""

from starlette.responses import Response

from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES, Role
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit

_FIRST = {
    **dict.fromkeys(OPERATOR_ROLES, f"{ROOT}/operator"),
    **dict.fromkeys(PARTNER_ROLES, f"{ROOT}/partner"),
    Role.CUSTOMER: f"{ROOT}/my/jobs",
    Role.MEMBER: f"{ROOT}/my/jobs",
}


async def show_start(visit: Visit) -> Response:
    """Redirects to the first page of the chosen role, with what was just done."""
    return visit.redirect(_FIRST[visit.signed_in.grant.role], done=visit.done_key)
