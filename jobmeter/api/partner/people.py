"""``/partner/people``: a partner's own people: managers and readers, invited, listed, changed and removed."""

from dataclasses import replace
from typing import Any, Literal

from starlette.responses import Response

from jobmeter.api.operator.access.people import Language, mail_invitation
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import PAGE, read_page, read_path_id
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import Email, OperatorBody
from jobmeter.partners.model import Application
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import Colleague
from jobmeter.people.model import Grant, Role

PARTNER = Audience.PARTNER
PartnerRole = Literal["PARTNER_MANAGER", "PARTNER_READER"]


class ColleagueBody(OperatorBody):
    """A manager may do what the partner may, and invites others; a reader changes nothing."""

    email: Email
    role: PartnerRole
    language: Language = "en"


class ColleagueRoleBody(OperatorBody):
    role: PartnerRole


async def invite_colleague(context: RequestContext, body: ColleagueBody) -> Response:
    """Responds 201, and mails how to log in; 200 if the person has the role already: then nothing changes."""
    partner, role = _check_parent(context), Role(body.role)
    grant = Grant(role=role, partner_id=partner.id)
    async with context.app.database.transaction() as connection:
        invited = await accounts.invite(
            connection, grant, email=body.email, language=body.language, now=context.now
        )
        colleague = invited.colleague_of(partner.id)
        if invited.is_new:
            after = _describe(colleague)
            await context.record(
                connection, Action.ROLE_GIVE, colleague.id, partner_id=partner.id, after=after
            )
    if invited.is_new:
        mail_invitation(context, invited.listed, role=role, bound_to=partner.name)
    return json_response(_serialize(colleague), status=201 if invited.is_new else 200)


async def list_colleagues(context: RequestContext) -> Response:
    """In the order in which they were invited."""
    partner, page = _check_parent(context), read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await accounts.list_colleagues(
            connection, partner_id=partner.id, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize, key=lambda one: one.id)


async def change_colleague(context: RequestContext, body: ColleagueRoleBody) -> Response:
    """The person's sessions end at once. The last manager stays one."""
    partner, role = _check_parent(context), Role(body.role)
    async with context.app.database.transaction() as connection:
        found = await _find_colleague(connection, context, partner)
        await accounts.change_role(
            connection, person_id=found.person_id, grant_id=found.id, role=role, partner_id=partner.id
        )
        changed = replace(found, role=role)
        if changed != found:
            await context.record(
                connection,
                Action.ROLE_CHANGE,
                found.id,
                partner_id=partner.id,
                before={"role": found.role},
                after=_describe(changed),
            )
    return json_response(_serialize(changed))


async def remove_colleague(context: RequestContext) -> Response:
    """The person's sessions end at once; roles elsewhere stay. The last manager cannot be removed."""
    partner = _check_parent(context)
    async with context.app.database.transaction() as connection:
        found = await _find_colleague(connection, context, partner)
        await accounts.remove_grant(
            connection, person_id=found.person_id, grant_id=found.id, partner_id=partner.id
        )
        before = _describe(found)
        await context.record(connection, Action.ROLE_REMOVE, found.id, partner_id=partner.id, before=before)
    return Response(status_code=204)


async def _find_colleague(connection: Connection, context: RequestContext, partner: Application) -> Colleague:
    grant_id = read_path_id(context.request, "colleague_id", what="person")
    return await accounts.find_colleague(connection, grant_id=grant_id, partner_id=partner.id)


def _check_parent(context: RequestContext) -> Application:
    """People are the partner's: its customers' applications see none."""
    if context.application.parent_id is not None:
        raise Refused(Fault.ACCESS_DENIED, permission="partner.people")
    return context.application


def _describe(colleague: Colleague) -> dict[str, Any]:
    return {"email": colleague.email, "role": colleague.role}


def _serialize(colleague: Colleague) -> dict[str, Any]:
    """Nothing that the person is or does elsewhere: everybody who knows an address can invite it."""
    return {"id": colleague.id, "email": colleague.email, "role": colleague.role}


COLLEAGUE = "/partner/people/{colleague_id:int}"

# fmt: off
COLLEAGUES: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/people", list_colleagues, audience=PARTNER, quota="partner", parameters=PAGE,
             summary="List the caller's people who log in to the web pages"),
    Endpoint("POST", "/partner/people", invite_colleague, audience=PARTNER, quota="partner", body=ColleagueBody,
             statuses=(201, 200), summary="Invite a person of the caller to the web pages"),
    Endpoint("PUT", COLLEAGUE, change_colleague, audience=PARTNER, quota="partner", body=ColleagueRoleBody,
             summary="Change the role of a person of the caller"),
    Endpoint("DELETE", COLLEAGUE, remove_colleague, audience=PARTNER, quota="partner", reply="", statuses=(204,),
             summary="Remove a person of the caller"),
)
# fmt: on
