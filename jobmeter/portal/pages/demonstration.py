"""``/portal/sandbox/login`` and ``/mails``: logging in as somebody of a sandbox's demonstration, and the mails of the sandbox."""

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.model import Grant, Person, Role
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.login import find_origin, log_in

OPERATOR, PARTNER, POSTER = "operator", "partner", "poster"
OPERATOR_EMAIL, PARTNER_EMAIL = "operator@example.com", "partner@example.com"
CONTRACTS_READ_MAX = 10


async def log_in_for_demonstration(visit: Visit) -> Response:
    """Raises ``Refused``: ROUTE_UNKNOWN in production, OPERATOR_INPUT for somebody else."""
    if not visit.app.settings.sandbox:
        raise Refused(Fault.ROUTE_UNKNOWN)
    now = read_machine_clock()
    async with visit.app.database.transaction() as connection:
        person = await _find_person(visit, connection)
        session = await sessions.begin_session(connection, person, find_origin(visit), now=now)
    return await log_in(visit, session)


async def _find_person(visit: Visit, connection: Connection) -> Person:
    who, now, language = visit.form.get("who", ""), read_machine_clock(), visit.viewer.language
    if who == OPERATOR:
        grant = Grant(role=Role.OPERATOR)
        invited = await accounts.invite(connection, grant, email=OPERATOR_EMAIL, language=language, now=now)
        return invited.listed.person
    if who == PARTNER:
        (first, *_) = await partners.list_partners(connection, ListedPage(after=0, rows_max=1))
        grant = Grant(role=Role.PARTNER_MANAGER, partner_id=first.id)
        invited = await accounts.invite(connection, grant, email=PARTNER_EMAIL, language=language, now=now)
        return invited.listed.person
    if who == POSTER:
        contracts = await hiring.list_hiring_contracts(connection, after=0, rows_max=CONTRACTS_READ_MAX)
        emails = [one.default_poster_email for one in contracts if one.default_poster_email]
        return await accounts.open_person(connection, email=emails[0], language=language, now=now)
    raise Refused(Fault.OPERATOR_INPUT, field="who", why=f"is one of {OPERATOR}, {PARTNER}, {POSTER}")


async def show_mails(visit: Visit) -> Response:
    """The last mails to people of this process, newest first. Raises ``Refused(ROUTE_UNKNOWN)`` in production."""
    if not visit.app.settings.sandbox:
        raise Refused(Fault.ROUTE_UNKNOWN)
    return visit.show("login/mails.html", mails=visit.app.people_mails.list_recent())
