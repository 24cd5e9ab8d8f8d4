"""``/portal/partner/people``: who may log in for a partner; managers invite others, change roles and remove people."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.email_address import check_email
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import read_query_id
from jobmeter.partners.applications import flow as partners
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import Colleague
from jobmeter.people.mails.model import Invitation
from jobmeter.people.model import PARTNER_ROLES, Grant, Role
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.forms import read_id
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit

PEOPLE = f"{ROOT}/partner/people"
PAGE_ROWS = 50
NO_ADDRESS = mark("Enter an e-mail address, such as ida@example.com")
# What a person can do about it, in the words of the page.
PROBLEMS = {
    Fault.LAST_MANAGER: mark("This is the last manager: make another person a manager first"),
    Fault.PEOPLE_TOO_MANY: mark("There are too many people: remove those who no longer need access"),
    Fault.PERSON_ROLE_EXISTS: mark("This person has another role already: change it in the list"),
}


async def list_people(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: dict[str, str]) -> Response:
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.connection() as connection:
        found = await accounts.list_colleagues(
            connection, partner_id=_read_partner(visit), after=after, rows_max=PAGE_ROWS + 1
        )
    shown = found[:PAGE_ROWS]
    return visit.show(
        "partner/people.html",
        problems=problems,
        people=shown,
        roles=(Role.PARTNER_MANAGER, Role.PARTNER_READER),
        email=visit.form.get("email", "")[:300],
        first=PEOPLE if after else "",
        following=f"{PEOPLE}?after={shown[-1].id}" if len(found) > PAGE_ROWS else "",
    )


async def invite_person(visit: Visit) -> Response:
    email, role, partner_id = visit.form.get("email", "").strip(), _read_role(visit), _read_partner(visit)
    if check_email(email):
        return await _show(visit, {"email": visit.gettext(NO_ADDRESS)})
    grant, now = Grant(role=role, partner_id=partner_id), visit.context.now
    try:
        async with visit.app.database.transaction() as connection:
            invited = await accounts.invite(
                connection, grant, email=email, language=visit.viewer.language, now=now
            )
            colleague = invited.colleague_of(partner_id)
            if invited.is_new:
                await visit.context.record(
                    connection,
                    Action.ROLE_GIVE,
                    colleague.id,
                    partner_id=partner_id,
                    after=_describe(colleague),
                )
            partner = await partners.find_partner(connection, partner_id=partner_id)
    except Refused as refused:
        return await _show(visit, {"email": _explain(visit, refused)})
    if invited.is_new:
        language = invited.listed.person.language
        visit.app.people_mails.submit(
            Invitation(to=colleague.email, language=language, role=role, bound_to=partner.name, sent_at=now)
        )
    return visit.redirect(PEOPLE, done="invited" if invited.is_new else "known")


async def change_person(visit: Visit) -> Response:
    """Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_INPUT."""
    role, partner_id = _read_role(visit), _read_partner(visit)
    try:
        async with visit.app.database.transaction() as connection:
            found = await _find_person(connection, visit)
            await accounts.change_role(
                connection, person_id=found.person_id, grant_id=found.id, role=role, partner_id=partner_id
            )
            await visit.context.record(
                connection,
                Action.ROLE_CHANGE,
                found.id,
                partner_id=partner_id,
                before=_describe(found),
                after=_describe(replace(found, role=role)),
            )
    except Refused as refused:
        return await _show(visit, {f"person-{visit.form.get('person', '')}": _explain(visit, refused)})
    return visit.redirect(PEOPLE, done="person")


async def remove_person(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    partner_id = _read_partner(visit)
    try:
        async with visit.app.database.transaction() as connection:
            found = await _find_person(connection, visit)
            await accounts.remove_grant(
                connection, person_id=found.person_id, grant_id=found.id, partner_id=partner_id
            )
            await visit.context.record(
                connection, Action.ROLE_REMOVE, found.id, partner_id=partner_id, before=_describe(found)
            )
    except Refused as refused:
        return await _show(visit, {f"person-{visit.form.get('person', '')}": _explain(visit, refused)})
    return visit.redirect(PEOPLE, done="person-removed")


async def _find_person(connection: Connection, visit: Visit) -> Colleague:
    grant_id = read_id(visit.form, "person", what="person")
    return await accounts.find_colleague(connection, grant_id=grant_id, partner_id=_read_partner(visit))


def _read_partner(visit: Visit) -> int:
    partner_id = visit.signed_in.grant.partner_id
    assert partner_id is not None, "the role is bound to a partner"
    return partner_id


def _read_role(visit: Visit) -> Role:
    name = visit.form.get("role", "")
    if name not in PARTNER_ROLES:
        raise Refused(Fault.OPERATOR_INPUT, field="role", why="is that of a manager or a reader")
    return Role(name)


def _explain(visit: Visit, refused: Refused) -> str:
    """The text of the page. Raises the refusal again if it has none."""
    if refused.fault not in PROBLEMS:
        raise refused
    return visit.gettext(PROBLEMS[refused.fault])


def _describe(colleague: Colleague) -> dict[str, Any]:
    return {"email": colleague.email, "role": colleague.role}
