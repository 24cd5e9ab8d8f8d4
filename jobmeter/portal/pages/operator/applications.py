"""``/portal/operator/applications``: the applications of a partner; of each its secrets, a further one, and whether it may sign in."""

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import read_path_id, read_query_id, read_query_text
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage
from jobmeter.partners.secrets import flow as secrets
from jobmeter.partners.tokens import flow as tokens
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables

APPLICATIONS = f"{ROOT}/operator/applications"
PAGE_ROWS = 50
COLUMNS = (
    Column("id", ColumnType.NUMBER, "number of the application"),
    Column("name", ColumnType.TEXT, "name"),
    Column("partner", ColumnType.NUMBER, "number of the partner that it belongs to"),
    Column("uniqueForeignId", ColumnType.TEXT, "the partner's own id of a customer's application"),
    Column("clientId", ColumnType.TEXT, "client id"),
)
ADD, RETIRE, REVOKE = "add", "retire", "revoke"
# What happens to the secrets that there are, in the order of the choice.
CHOICES = {
    ADD: mark("Keep the other secret: a rotation without an outage"),
    RETIRE: mark("Remove the older of two secrets first"),
    REVOKE: mark("Remove all others at once: somebody else may know them"),
}
TOO_MANY = mark("There are two secrets already: choose which of them is removed")


async def list_applications(visit: Visit) -> Response:
    request = visit.context.request
    after, search, partner_id = (
        read_query_id(request, "after") or 0,
        read_query_text(request, "q"),
        read_query_id(request, "partner"),
    )
    wanted = ListedPage(after=after, rows_max=PAGE_ROWS + 1, search=search)
    async with visit.app.database.connection() as connection:
        found = await partners.list_applications(connection, wanted, partner_id=partner_id)
    shown = found[:PAGE_ROWS]
    return visit.show(
        "operator/partners/applications.html",
        applications=shown,
        search=search,
        partner_id=partner_id,
        first=after,
        following=shown[-1].id if len(found) > PAGE_ROWS else None,
    )


async def download_applications(visit: Visit) -> Response:
    """Sends all applications that the same filters select. Raises ``Refused`` as ``send_tables``."""
    search, partner_id = (
        read_query_text(visit.context.request, "q"),
        read_query_id(visit.context.request, "partner"),
    )

    async def read(connection: Connection, last: Application | None) -> list[Application]:
        wanted = ListedPage(after=last.id if last else 0, rows_max=CHUNK_ROWS, search=search)
        return await partners.list_applications(connection, wanted, partner_id=partner_id)

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "applications", COLUMNS, tables)


def _make_row(one: Application) -> tuple[object, ...]:
    return (one.id, one.name, one.partner_id, one.unique_foreign_id, one.client_id)


async def show_application(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: dict[str, str]) -> Response:
    async with visit.app.database.connection() as connection:
        application = await _find(connection, visit)
        partner = await partners.find_partner(connection, partner_id=application.partner_id)
        live = await secrets.list_live_secrets(connection, application=application)
        is_permitted = await tokens.is_permitted(connection, application=application)
    return visit.show(
        "operator/partners/application.html",
        problems=problems,
        application=application,
        partner=partner,
        secrets=live,
        is_permitted=is_permitted,
        choices=CHOICES,
        chosen=visit.form.get("others", ADD),
    )


async def add_secret(visit: Visit) -> Response:
    """Shows the secret once, in this response."""
    others = visit.form.get("others", "")
    if others not in CHOICES:
        raise Refused(Fault.OPERATOR_INPUT, field="others", why=f"is one of {', '.join(CHOICES)}")
    try:
        async with visit.app.database.transaction() as connection:
            application = await _find(connection, visit)
            before = await secrets.describe_secrets(connection, application=application)
            secret = await secrets.replace_secret(
                connection,
                application=application,
                retires_older=others == RETIRE,
                revokes_others=others == REVOKE,
                now=visit.context.now,
            )
            await visit.context.record(
                connection,
                Action.APPLICATION_ADD_SECRET,
                application.id,
                partner_id=application.partner_id,
                before=before,
                after=await secrets.describe_secrets(connection, application=application),
            )
    except Refused as refused:
        if refused.fault is not Fault.SECRETS_TOO_MANY:
            raise
        return await _show(visit, {"others": visit.gettext(TOO_MANY)})
    return visit.show(
        "operator/partners/secret.html",
        title=visit.gettext(mark("The application has a further secret")),
        name=application.name,
        client_id=application.client_id,
        secret=secret,
        back=f"{APPLICATIONS}/{application.id}",
    )


async def show_tokens(visit: Visit) -> Response:
    """What stopping an application does, before it is done: tokens that are revoked do not come back."""
    async with visit.app.database.connection() as connection:
        application = await _find(connection, visit)
        is_permitted = await tokens.is_permitted(connection, application=application)
    if not is_permitted:
        return visit.redirect(f"{APPLICATIONS}/{application.id}")
    return visit.show("operator/partners/stop.html", application=application)


async def permit_tokens(visit: Visit) -> Response:
    is_allowed, includes_children = visit.form.get("allow") == "1", visit.form.get("children") == "1"
    async with visit.app.database.transaction() as connection:
        application = await _find(connection, visit)
        was_allowed = await tokens.is_permitted(connection, application=application)
        revoked = await tokens.allow_tokens(
            connection,
            application=application,
            is_allowed=is_allowed,
            includes_children=includes_children,
            now=visit.context.now,
        )
        await visit.context.record(
            connection,
            Action.APPLICATION_PERMIT_TOKENS,
            application.id,
            partner_id=application.partner_id,
            before={"areAllowed": was_allowed},
            after={"areAllowed": is_allowed, "includeChildren": includes_children, "revoked": revoked},
        )
    done = "application-permitted" if is_allowed else "application-stopped"
    return visit.redirect(f"{APPLICATIONS}/{application.id}", done=done)


async def _find(connection: Connection, visit: Visit) -> Application:
    application_id = read_path_id(visit.context.request, "application_id", what="application")
    found = await partners.find_application(connection, application_id=application_id)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=application_id)
    return found
