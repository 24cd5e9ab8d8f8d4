"""``POST /portal/role`` and ``POST /portal/logout``: the role in which a person sees the pages, and the end of the session."""

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.forms import read_id
from jobmeter.portal.frame.site import LOGIN, ROOT
from jobmeter.portal.frame.visit import Visit


async def change_role(visit: Visit) -> Response:
    """Continues the session in another role of the person, under a new token. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    grant_id = read_id(visit.form, "grant", what="role") if visit.form.get("grant") else None
    async with visit.app.database.transaction() as connection:
        session = await sessions.choose_grant(
            connection, token=visit.session_token, grant_id=grant_id, now=read_machine_clock()
        )
    if session is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="role", key=grant_id)
    response = visit.redirect(ROOT, done="role")
    cookies.set_session(response, visit.app.settings, session.token)
    return response


async def log_out(visit: Visit) -> Response:
    signed_in = visit.signed_in
    async with visit.app.database.transaction() as connection:
        await sessions.end_session(connection, session_id=signed_in.session_id, person_id=signed_in.person.id)
    response = visit.redirect(LOGIN, done="logout")
    cookies.remove_session(response, visit.app.settings)
    return response
