"""``/operator/people``: the people who log in to the web pages: invited, listed, given and deprived of roles, logged out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.http.context import NOTHING, RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import (
    IDS_MAX,
    PAGE,
    read_page,
    read_path_id,
    read_query_id,
    read_query_text,
)
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.http.schemas import Email, OperatorBody
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import ListedPerson, PeopleFilter
from jobmeter.people.mails.model import Invitation
from jobmeter.people.model import Grant, Role
from jobmeter.people.sessions import flow as sessions

OPERATOR = Audience.OPERATOR
Id = Annotated[int, Field(ge=1, le=IDS_MAX)]
Language = Literal["en", "de"]


class InvitationBody(OperatorBody):
    """A partner's role needs ``partnerId``; a customer's ``applicationId`` or ``hiringContractId``. Name and language are
    those of a person who is new.
    """

    email: Email
    role: Role
    partner_id: Id | None = None
    application_id: Id | None = None
    hiring_contract_id: Id | None = None
    name: Annotated[
        str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)
    ] = ""
    language: Language = "en"


class RoleBody(OperatorBody):
    role: Role


async def invite_person(context: RequestContext, body: InvitationBody) -> Response:
    """Responds 201, and mails how to log in; 200 if the person has the role already: then nothing changes."""
    grant = Grant(
        role=body.role,
        partner_id=body.partner_id,
        application_id=body.application_id,
        hiring_contract_id=body.hiring_contract_id,
    )
    async with context.app.database.transaction() as connection:
        if grant.hiring_contract_id is not None:
            bound_to = await hiring.name_owner(connection, contract_id=grant.hiring_contract_id)
        else:
            bound_to = await accounts.name_bound_to(connection, grant)
        invited = await accounts.invite(
            connection, grant, email=body.email, name=body.name, language=body.language, now=context.now
        )
        if invited.is_new:
            given = next(one for one in invited.listed.grants if replace(one, id=None) == grant)
            after = accounts.describe_role(invited.listed, given)
            await _record_role(connection, context, Action.ROLE_GIVE, given, after=after)
    if invited.is_new:
        mail_invitation(context, invited.listed, role=body.role, bound_to=bound_to)
    return json_response(accounts.describe_person(invited.listed), status=201 if invited.is_new else 200)


def mail_invitation(context: RequestContext, listed: ListedPerson, *, role: Role, bound_to: str) -> None:
    """Sends it while nobody waits."""
    context.app.people_mails.submit(
        Invitation(
            to=listed.person.email,
            language=listed.person.language,
            role=role,
            bound_to=bound_to,
            sent_at=context.now,
        )
    )


async def list_people(context: RequestContext) -> Response:
    """In the order of their ids; ``search`` is the beginning of an address or name, ``partnerId`` a partner's people.

    Also people who logged in because a job has their address, and have no role.
    """
    page = read_page(context.request)
    wanted = PeopleFilter(
        after=page.after,
        rows_max=page.rows_max + 1,
        search=read_query_text(context.request, "search"),
        partner_id=read_query_id(context.request, "partnerId"),
    )
    async with context.app.database.connection() as connection:
        found = await accounts.list_people(connection, wanted)
    return page_response(found, page, serialize=accounts.describe_person, key=lambda one: one.person.id)


async def show_person(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        found = await accounts.find_person(connection, person_id=_read_person_id(context))
    return json_response(accounts.describe_person(found))


async def remove_person(context: RequestContext) -> Response:
    """With all roles, sessions and passkeys, at once. A poster of jobs can log in again and sees these jobs."""
    async with context.app.database.transaction() as connection:
        person = await accounts.find_person(connection, person_id=_read_person_id(context))
        await accounts.remove_person(connection, person_id=person.person.id)
        before = accounts.describe_person(person)
        await context.record(
            connection, Action.PERSON_REMOVE, person.person.id, partner_id=None, before=before
        )
    return Response(status_code=204)


async def change_role(context: RequestContext, body: RoleBody) -> Response:
    """To another role for the same partner, or for the installation. The person's sessions end at once."""
    async with context.app.database.transaction() as connection:
        person = await accounts.find_person(connection, person_id=_read_person_id(context))
        changed = await accounts.change_role(
            connection, person_id=person.person.id, grant_id=_read_role_id(context), role=body.role
        )
        grant = _find_role(person, context)
        if body.role is not grant.role:
            before = {"role": grant.role}
            after = accounts.describe_role(person, replace(grant, role=body.role))
            await _record_role(connection, context, Action.ROLE_CHANGE, grant, before=before, after=after)
    return json_response(accounts.describe_person(changed))


async def remove_role(context: RequestContext) -> Response:
    """The person's sessions end at once. Also a partner's last manager can be removed here."""
    async with context.app.database.transaction() as connection:
        person = await accounts.find_person(connection, person_id=_read_person_id(context))
        await accounts.remove_grant(connection, person_id=person.person.id, grant_id=_read_role_id(context))
        grant = _find_role(person, context)
        before = accounts.describe_role(person, grant)
        await _record_role(connection, context, Action.ROLE_REMOVE, grant, before=before)
    return Response(status_code=204)


async def list_sessions(context: RequestContext) -> Response:
    """Those that are not over, the one that was used last first. Times are the machine's, also in a sandbox."""
    async with context.app.database.connection() as connection:
        person_id = _read_person_id(context)
        await accounts.find_person(connection, person_id=person_id)
        found = await sessions.list_sessions(connection, person_id=person_id, now=read_machine_clock())
    content = [
        {
            "id": one.id,
            "device": one.device,
            "network": one.network,
            "beganAt": format_time(one.began_at),
            "lastUsedAt": format_time(one.last_used_at),
        }
        for one in found
    ]
    return json_response({"elements": content})


async def end_sessions(context: RequestContext) -> Response:
    """Logs the person out everywhere, at once."""
    async with context.app.database.transaction() as connection:
        person_id = _read_person_id(context)
        await accounts.find_person(connection, person_id=person_id)
        ended = await sessions.end_all_sessions(connection, person_id=person_id)
        if ended:
            after = {"ended": ended}
            await context.record(
                connection, Action.PERSON_END_SESSIONS, person_id, partner_id=None, after=after
            )
    return json_response({"ended": ended})


def _find_role(listed: ListedPerson, context: RequestContext) -> Grant:
    return next(one for one in listed.grants if one.id == _read_role_id(context))


async def _record_role(
    connection: Connection,
    context: RequestContext,
    action: Action,
    grant: Grant,
    *,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    partner_id = await accounts.find_tenant(connection, grant)
    await context.record(connection, action, grant.id, partner_id=partner_id, before=before, after=after)


def _read_person_id(context: RequestContext) -> int:
    return read_path_id(context.request, "person_id", what="person")


def _read_role_id(context: RequestContext) -> int:
    return read_path_id(context.request, "role_id", what="role")


PERSON = "/operator/people/{person_id:int}"

# fmt: off
PEOPLE: tuple[PlainEndpoint, ...] = (
    Endpoint("POST", "/operator/people", invite_person, audience=OPERATOR, body=InvitationBody, statuses=(201, 200),
             summary="Invite a person to the web pages, or give them a further role"),
    Endpoint("GET", "/operator/people", list_people, audience=OPERATOR, parameters=("search", "partnerId", *PAGE),
             summary="List the people who log in to the web pages"),
    Endpoint("GET", PERSON, show_person, audience=OPERATOR, summary="Get a person"),
    Endpoint("DELETE", PERSON, remove_person, audience=OPERATOR, reply="", statuses=(204,),
             summary="Remove a person with all roles and sessions"),
    Endpoint("PUT", f"{PERSON}/roles/{{role_id:int}}", change_role, audience=OPERATOR, body=RoleBody,
             summary="Change a role of a person"),
    Endpoint("DELETE", f"{PERSON}/roles/{{role_id:int}}", remove_role, audience=OPERATOR, reply="", statuses=(204,),
             summary="Remove a role of a person"),
    Endpoint("GET", f"{PERSON}/sessions", list_sessions, audience=OPERATOR, summary="List a person's sessions"),
    Endpoint("DELETE", f"{PERSON}/sessions", end_sessions, audience=OPERATOR, summary="End all sessions of a person"),
)
# fmt: on
