"""``/portal/partner/applications``: a partner's parent application and its children; managers add a child and manage secrets."""

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import SECRETS_LIVE_MAX
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import PAGE_ROWS, read_path_id, read_query_id, read_query_text
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ApplicationDraft, ListedPage, OwnApplication
from jobmeter.partners.secrets import flow as secrets
from jobmeter.partners.tokens import flow as tokens
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.partner.owned import find_parent, find_partner_id

APPLICATIONS = f"{ROOT}/partner/applications"
# A part of a refusal that names a field; the field of the form, and its text.
_PROBLEMS = (
    ("/name", "name", mark('Enter a name of at most 50 characters, without "LinkedIn"')),
    ("/uniqueForeignId", "foreign_id", mark("Enter your own id of the customer, of at most 500 characters")),
    ("/description", "description", mark("Enter what the application is for")),
)
_COLUMNS = (
    Column("application", ColumnType.NUMBER, "number of the application"),
    Column("name", ColumnType.TEXT, "its name"),
    Column(
        "uniqueForeignId", ColumnType.TEXT, "the partner's own id of it; empty for the parent application"
    ),
    Column("clientId", ColumnType.TEXT, "client id"),
    Column("isParent", ColumnType.FLAG, "whether it is the partner's own application"),
    Column("mayCreateTokens", ColumnType.FLAG, "whether it receives tokens"),
    Column("secrets", ColumnType.NUMBER, "valid client secrets"),
    Column("createdAt", ColumnType.TIME, "when it was added"),
    Column("lastTokenAt", ColumnType.TIME, "its last token, to the hour"),
)
_TAKEN = mark("Another of your applications has this id already")
_TOO_MANY = mark("There are two secrets already: retire the older one first")


async def list_applications(visit: Visit) -> Response:
    search = read_query_text(visit.context.request, "q")
    after = read_query_id(visit.context.request, "after") or 0
    page = ListedPage(after=after, rows_max=PAGE_ROWS + 1, search=search)
    async with visit.app.database.connection() as connection:
        parent = await find_parent(connection, visit)
        found = await partners.list_own_applications(connection, page, owner=parent)
    shown, is_more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    return visit.show(
        "partner/links/applications.html",
        applications=shown,
        search=search,
        partner_id=find_partner_id(visit),
        is_first=not after,
        last_id=shown[-1].id if is_more else None,
    )


async def download_applications(visit: Visit) -> Response:
    """Sends all applications that the same search finds. Raises ``Refused`` as ``send_tables``."""
    search = read_query_text(visit.context.request, "q")

    async def read(connection: Connection, last: OwnApplication | None) -> list[OwnApplication]:
        page = ListedPage(after=last.id if last else 0, rows_max=CHUNK_ROWS, search=search)
        parent = await find_parent(connection, visit)
        return await partners.list_own_applications(connection, page, owner=parent)

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "applications", _COLUMNS, tables)


def _make_row(one: OwnApplication) -> tuple[object, ...]:
    named = (one.id, one.name, one.unique_foreign_id, one.client_id, one.parent_id is None)
    return (*named, one.is_permitted, one.secrets, one.created_at, one.last_token_at)


async def show_new(visit: Visit) -> Response:
    return _show_form(visit, {})


async def create_child(visit: Visit) -> Response:
    """The credentials are part of this answer alone."""
    draft = ApplicationDraft(
        unique_foreign_id=visit.form.get("foreign_id", "").strip(),
        name=visit.form.get("name", "").strip(),
        description=visit.form.get("description", "").strip(),
    )
    try:
        async with visit.app.database.transaction() as connection:
            parent = await find_parent(connection, visit)
            made = await partners.create_child(connection, parent=parent, draft=draft, now=visit.context.now)
            await visit.context.record(
                connection,
                Action.APPLICATION_CREATE,
                made.application.id,
                partner_id=parent.id,
                after=made.application.describe(),
            )
    except Refused as refused:
        return _show_form(visit, _find_problems(visit, refused))
    return visit.show(
        "partner/links/application_secret.html",
        application=made.application,
        secret=made.client_secret,
        is_new=True,
    )


def _find_problems(visit: Visit, refused: Refused) -> dict[str, str]:
    """Returns a text for each wrong field, in the order of the form. Raises the refusal again if none is wrong."""
    if refused.fault is Fault.APPLICATION_CONFLICT:
        return {"foreign_id": visit.gettext(_TAKEN)}
    if refused.fault is not Fault.BODY_INVALID:
        raise refused
    return {name: visit.gettext(text) for part, name, text in _PROBLEMS if part in refused.message}


def _show_form(visit: Visit, problems: dict[str, str]) -> Response:
    given = {name: visit.form.get(name, "") for name in ("name", "foreign_id", "description")}
    return visit.show("partner/links/application_form.html", given=given, problems=problems)


async def show_application(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: dict[str, str]) -> Response:
    async with visit.app.database.connection() as connection:
        found = await _find_application(connection, visit)
        live = await secrets.list_live_secrets(connection, application=found)
    return visit.show(
        "partner/links/application.html",
        application=found,
        secrets=live,
        secrets_max=SECRETS_LIVE_MAX,
        problems=problems,
    )


async def add_secret(visit: Visit) -> Response:
    """The secret is part of this answer alone; the older one stays valid."""
    try:
        async with visit.app.database.transaction() as connection:
            found = await _find_application(connection, visit)
            before = await secrets.describe_secrets(connection, application=found)
            secret = await secrets.roll_secret(connection, application=found, now=visit.context.now)
            await _record_secrets(connection, visit, Action.APPLICATION_ADD_SECRET, found, before=before)
    except Refused as refused:
        if refused.fault is not Fault.SECRETS_TOO_MANY:
            raise
        return await _show(visit, {"secrets": visit.gettext(_TOO_MANY)})
    return visit.show("partner/links/application_secret.html", application=found, secret=secret, is_new=False)


async def show_retire(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        found = await _find_application(connection, visit)
        live = await secrets.list_live_secrets(connection, application=found)
    if len(live) < SECRETS_LIVE_MAX:
        return visit.redirect(_path_of(found))
    return visit.show("partner/links/application_retire.html", application=found, secrets=live)


async def retire_secret(visit: Visit) -> Response:
    """An only secret stays, so that a form that is sent twice does nothing twice."""
    async with visit.app.database.transaction() as connection:
        found = await _find_application(connection, visit)
        before = await secrets.describe_secrets(connection, application=found)
        await secrets.retire_older_secret(connection, application=found)
        await _record_secrets(connection, visit, Action.APPLICATION_RETIRE_SECRET, found, before=before)
    return visit.redirect(_path_of(found), done="secret-retired")


async def show_stop(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        found = await _find_application(connection, visit)
    return visit.show("partner/links/application_stop.html", application=found)


async def stop_tokens(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        found = await _find_application(connection, visit)
        revoked = await tokens.revoke_all_tokens(connection, application=found, now=visit.context.now)
        await visit.context.record(
            connection,
            Action.APPLICATION_REVOKE_TOKENS,
            found.id,
            partner_id=found.partner_id,
            after={"revoked": revoked},
        )
    return visit.redirect(_path_of(found), done="tokens-ended")


async def _record_secrets(
    connection: Connection,
    visit: Visit,
    action: Action,
    application: OwnApplication,
    *,
    before: dict[str, object],
) -> None:
    after = await secrets.describe_secrets(connection, application=application)
    await visit.context.record(
        connection, action, application.id, partner_id=application.partner_id, before=before, after=after
    )


async def _find_application(connection: Connection, visit: Visit) -> OwnApplication:
    parent = await find_parent(connection, visit)
    application_id = read_path_id(visit.context.request, "application_id", what="application")
    return await partners.find_own_application(connection, owner=parent, application_id=application_id)


def _path_of(application: OwnApplication) -> str:
    return f"{APPLICATIONS}/{application.id}"
