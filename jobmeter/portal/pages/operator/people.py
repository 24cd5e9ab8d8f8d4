"""``/portal/operator/people``: everybody who can log in: invited, given other roles, logged out, removed."""

from dataclasses import replace

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers.email_address import check_email
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import CURSOR_DIGITS_MAX, read_path_id, read_query_id, read_query_text
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import Invited, ListedPerson, PeopleFilter
from jobmeter.people.mails.model import Invitation
from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES, Grant, Role
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.forms import read_id
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables

PEOPLE = f"{ROOT}/operator/people"
PAGE_ROWS = 50
NAME_CHARACTERS_MAX = 200
COLUMNS = (
    Column("id", ColumnType.NUMBER, "number of the person"),
    Column("email", ColumnType.TEXT, "e-mail address"),
    Column("name", ColumnType.TEXT, "name"),
    Column(
        "roles", ColumnType.TEXT, "roles, each with the number of what it is bound to; empty for a member"
    ),
    Column("createdAt", ColumnType.TIME, "since when the person is known"),
    Column("lastUsedAt", ColumnType.TIME, "when a session that is kept was last used"),
)
GIVEN_ROLES = (Role.OPERATOR, Role.OPERATOR_READER, Role.PARTNER_MANAGER, Role.PARTNER_READER, Role.CUSTOMER)
# To what else a role can be changed: what is bound to the same thing.
OTHERS = {
    Role.OPERATOR: Role.OPERATOR_READER,
    Role.OPERATOR_READER: Role.OPERATOR,
    Role.PARTNER_MANAGER: Role.PARTNER_READER,
    Role.PARTNER_READER: Role.PARTNER_MANAGER,
}
NO_ADDRESS = mark("Enter an e-mail address, such as ida@example.com")
NO_NAME = mark("A name has at most 200 characters")
PROBLEMS = {
    Fault.PEOPLE_TOO_MANY: (
        "email",
        mark("There are too many people: remove those who no longer need access"),
    ),
    Fault.PERSON_ROLE_EXISTS: (
        "email",
        mark("This person has another role already: change it on their page"),
    ),
    Fault.OPERATOR_UNKNOWN: (
        "bound_to",
        mark("There is no partner, customer or hiring contract with this number"),
    ),
    Fault.OPERATOR_INPUT: (
        "bound_to",
        mark(
            "Enter the number of a partner for its people, or of an application or hiring contract for a customer; an operator has none"
        ),
    ),
}


async def list_people(visit: Visit) -> Response:
    return await _show_list(visit, {})


async def _show_list(visit: Visit, problems: dict[str, str]) -> Response:
    request, form = visit.context.request, visit.form
    after, search = read_query_id(request, "after") or 0, read_query_text(request, "q")
    partner_id = read_query_id(request, "partner")
    wanted = PeopleFilter(after=after, rows_max=PAGE_ROWS + 1, search=search, partner_id=partner_id)
    async with visit.app.database.connection() as connection:
        found = await accounts.list_people(connection, wanted)
    shown = found[:PAGE_ROWS]
    given = {name: form.get(name, "")[:300] for name in ("email", "name", "role", "bound_to")}
    if partner_id is not None and not form:
        given |= {"role": Role.PARTNER_MANAGER, "bound_to": str(partner_id)}
    return visit.show(
        "operator/people/list.html",
        problems=problems,
        people=shown,
        search=search,
        partner_id=partner_id,
        roles=GIVEN_ROLES,
        given=given,
        first=after,
        following=shown[-1].person.id if len(found) > PAGE_ROWS else None,
    )


async def download_people(visit: Visit) -> Response:
    """Sends all people that the same filters select, with their roles. Raises ``Refused`` as ``send_tables``."""
    search, partner_id = (
        read_query_text(visit.context.request, "q"),
        read_query_id(visit.context.request, "partner"),
    )

    async def read(connection: Connection, last: ListedPerson | None) -> list[ListedPerson]:
        after = last.person.id if last else 0
        wanted = PeopleFilter(after=after, rows_max=CHUNK_ROWS, search=search, partner_id=partner_id)
        return await accounts.list_people(connection, wanted)

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "people", COLUMNS, tables)


def _make_row(listed: ListedPerson) -> tuple[object, ...]:
    person = listed.person
    roles = [
        f"{grant.role} {grant.partner_id or grant.application_id or grant.hiring_contract_id or ''}".rstrip()
        for grant in listed.grants
    ]
    return (person.id, person.email, person.name, ", ".join(roles), listed.created_at, listed.last_used_at)


async def invite_person(visit: Visit) -> Response:
    email, name = visit.form.get("email", "").strip(), visit.form.get("name", "").strip()
    problems = {"email": visit.gettext(NO_ADDRESS)} if check_email(email) else {}
    if len(name) > NAME_CHARACTERS_MAX or not (name.isprintable() or not name):
        problems["name"] = visit.gettext(NO_NAME)
    if problems:
        return await _show_list(visit, problems)
    try:
        grant = _read_grant(visit)
        async with visit.app.database.transaction() as connection:
            invited, bound_to = await _invite(connection, visit, grant, email=email, name=name)
    except Refused as refused:
        if refused.fault not in PROBLEMS:
            raise
        field, text = PROBLEMS[refused.fault]
        return await _show_list(visit, {field: visit.gettext(text)})
    person = invited.listed.person
    if invited.is_new:
        visit.app.people_mails.submit(
            Invitation(
                to=person.email,
                language=person.language,
                role=grant.role,
                bound_to=bound_to,
                sent_at=visit.context.now,
            )
        )
    return visit.redirect(f"{PEOPLE}/{person.id}", done="invited" if invited.is_new else "known")


def _read_grant(visit: Visit) -> Grant:
    """Which number it is, the role says; of a customer, whose may be two, the choice. Raises ``Refused(OPERATOR_INPUT)``."""
    name, text = visit.form.get("role", ""), visit.form.get("bound_to", "").strip()
    if name not in GIVEN_ROLES:
        raise Refused(Fault.OPERATOR_INPUT, field="role", why="is none that can be given")
    role, number = Role(name), None
    if text:
        if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
            raise Refused(Fault.OPERATOR_INPUT, field="bound_to", why="is a number")
        number = int(text)
    is_contract = visit.form.get("customer_of") == "contract"
    return Grant(
        role=role,
        partner_id=number if role in PARTNER_ROLES or role in OPERATOR_ROLES else None,
        application_id=number if role is Role.CUSTOMER and not is_contract else None,
        hiring_contract_id=number if role is Role.CUSTOMER and is_contract else None,
    )


async def _invite(
    connection: Connection, visit: Visit, grant: Grant, *, email: str, name: str
) -> tuple[Invited, str]:
    """Returns also the name of what the role is bound to."""
    if grant.hiring_contract_id is not None:
        bound_to = await hiring.name_owner(connection, contract_id=grant.hiring_contract_id)
    else:
        bound_to = await accounts.name_bound_to(connection, grant)
    invited = await accounts.invite(
        connection, grant, email=email, name=name, language=visit.viewer.language, now=visit.context.now
    )
    if invited.is_new:
        given = next(one for one in invited.listed.grants if replace(one, id=None) == grant)
        await visit.context.record(
            connection,
            Action.ROLE_GIVE,
            given.id,
            partner_id=await accounts.find_tenant(connection, given),
            after=accounts.describe_role(invited.listed, given),
        )
    return invited, bound_to


async def show_person(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        listed = await _find(connection, visit)
        found = await sessions.list_sessions(connection, person_id=listed.person.id, now=read_machine_clock())
        keys = await passkeys.list_passkeys(connection, person_id=listed.person.id)
    return visit.show(
        "operator/people/show.html",
        listed=listed,
        sessions=found,
        passkeys=keys,
        others=OTHERS,
    )


async def change_role(visit: Visit) -> Response:
    """Raises ``Refused``: OPERATOR_UNKNOWN, OPERATOR_INPUT for a role that cannot be bound to the same thing."""
    name = visit.form.get("role", "")
    if name not in GIVEN_ROLES:
        raise Refused(Fault.OPERATOR_INPUT, field="role", why="is none that can be given")
    async with visit.app.database.transaction() as connection:
        listed, grant = await _find_grant(connection, visit)
        await accounts.change_role(
            connection, person_id=listed.person.id, grant_id=grant.id or 0, role=Role(name)
        )
        after = accounts.describe_role(listed, replace(grant, role=Role(name)))
        if grant.role != name:
            await visit.context.record(
                connection,
                Action.ROLE_CHANGE,
                grant.id,
                partner_id=await accounts.find_tenant(connection, grant),
                before={"role": grant.role},
                after=after,
            )
    return visit.redirect(f"{PEOPLE}/{listed.person.id}", done="person")


async def remove_role(visit: Visit) -> Response:
    """Also a partner's last manager. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    async with visit.app.database.transaction() as connection:
        listed, grant = await _find_grant(connection, visit)
        await accounts.remove_grant(connection, person_id=listed.person.id, grant_id=grant.id or 0)
        await visit.context.record(
            connection,
            Action.ROLE_REMOVE,
            grant.id,
            partner_id=await accounts.find_tenant(connection, grant),
            before=accounts.describe_role(listed, grant),
        )
    return visit.redirect(f"{PEOPLE}/{listed.person.id}", done="role-removed")


async def end_sessions(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        person_id = (await _find(connection, visit)).person.id
        ended = await sessions.end_all_sessions(connection, person_id=person_id)
        if ended:
            await visit.context.record(
                connection, Action.PERSON_END_SESSIONS, person_id, partner_id=None, after={"ended": ended}
            )
    return visit.redirect(f"{PEOPLE}/{person_id}", done="sessions-ended")


async def show_remove(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        listed = await _find(connection, visit)
        keys = await passkeys.list_passkeys(connection, person_id=listed.person.id)
    return visit.show("operator/people/remove.html", listed=listed, passkeys=keys)


async def remove_person(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        listed = await _find(connection, visit)
        await accounts.remove_person(connection, person_id=listed.person.id)
        await visit.context.record(
            connection,
            Action.PERSON_REMOVE,
            listed.person.id,
            partner_id=None,
            before=accounts.describe_person(listed),
        )
    return visit.redirect(PEOPLE, done="person-gone")


async def _find(connection: Connection, visit: Visit) -> ListedPerson:
    person_id = read_path_id(visit.context.request, "person_id", what="person")
    return await accounts.find_person(connection, person_id=person_id)


async def _find_grant(connection: Connection, visit: Visit) -> tuple[ListedPerson, Grant]:
    listed, grant_id = await _find(connection, visit), read_id(visit.form, "grant", what="role")
    found = next((one for one in listed.grants if one.id == grant_id), None)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="role", key=grant_id)
    return listed, found
