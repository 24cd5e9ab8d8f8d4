"""``/portal/operator/partners``: lists and finds partners, adds one, shows and names one, and opens its own pages to look at."""

from typing import Any

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.parameters import CURSOR_DIGITS_MAX, NO_ID, read_path_id, read_query_id, read_query_text
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage, Partner, PartnerChange
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.operator.standing import PARTNER_CHIPS
from jobmeter.portal.pages.partner.listed_jobs import CHIPS
from jobmeter.portal.pages.partner.overview import make_meter
from jobmeter.reports.cockpit import flow as cockpit
from jobmeter.reports.overview import flow as overview

PARTNERS = f"{ROOT}/operator/partners"
PAGE_ROWS = 50
SHOWN_ROWS = 20  # of people and applications on the page of a partner
NAME_CHARACTERS_MAX, REFERENCE_CHARACTERS_MAX = 200, 100
COLUMNS = (
    Column("id", ColumnType.NUMBER, "number of the partner"),
    Column("name", ColumnType.TEXT, "name"),
    Column("reference", ColumnType.TEXT, "your own reference"),
    Column("clientId", ColumnType.TEXT, "client id of its own application"),
    Column("createdAt", ColumnType.TIME, "when it was added"),
)
NO_NAME = mark("Enter a name of at most 200 characters")
NO_REFERENCE = mark("A reference has at most 100 characters")
PROBLEMS = {
    Fault.PARTNER_CONFLICT: (
        "name",
        mark("There is a partner of this name. Open it below, or enter another name"),
    ),
    Fault.PARTNER_REFERENCE_TAKEN: (
        "reference",
        mark("Another partner has this reference. It is listed below"),
    ),
}


async def list_partners(visit: Visit) -> Response:
    after, search = (
        read_query_id(visit.context.request, "after") or 0,
        read_query_text(visit.context.request, "q"),
    )
    async with visit.app.database.snapshot() as connection:
        wanted = ListedPage(after=after, rows_max=PAGE_ROWS + 1, search=search)
        found = await partners.list_partners(connection, wanted)
        if search and not after:
            found = _merge(await find_partners(connection, search), found)
        shown = found[:PAGE_ROWS]
        figures = await cockpit.list_partner_figures(
            connection, partner_ids=[one.id for one in shown], now=visit.context.now
        )
    return visit.show(
        "operator/partners/list.html",
        partners=shown,
        figures={one.partner_id: one for one in figures},
        chips=PARTNER_CHIPS,
        search=search,
        first=after,
        following=shown[-1].id if len(found) > PAGE_ROWS else None,
    )


async def download_partners(visit: Visit) -> Response:
    """Sends the partners whose name contains what is searched for. Raises ``Refused`` as ``send_tables``."""
    search = read_query_text(visit.context.request, "q")

    async def read(connection: Connection, last: Partner | None) -> list[Partner]:
        return await partners.list_partners(
            connection, ListedPage(after=last.id if last else 0, rows_max=CHUNK_ROWS, search=search)
        )

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, "partners", COLUMNS, tables)


def _make_row(partner: Partner) -> tuple[object, ...]:
    return (partner.id, partner.name, partner.reference, partner.client_id, partner.created_at)


async def find_partners(connection: Connection, text: str) -> list[Partner]:
    """Returns the partner with this number, and the one with this reference."""
    found = await partners.list_partners(connection, ListedPage(after=0, rows_max=1), reference=text)
    if text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX:
        found += await partners.list_partners(connection, ListedPage(after=int(text) - 1, rows_max=1))
        found = [one for one in found if text in {str(one.id), one.reference}]
    return found


def _merge(first: list[Partner], others: list[Partner]) -> list[Partner]:
    return first + [one for one in others if one not in first]


async def show_new(visit: Visit) -> Response:
    return visit.show("operator/partners/new.html", name="", reference="", known=[])


async def add_partner(visit: Visit) -> Response:
    """Shows the secret once, in this response. A name that exists is asked about: no second partner gets the same one."""
    name, reference = _read(visit, "name"), _read(visit, "reference")
    problems = _check(visit, name, reference)
    if problems:
        return await _show_wrong(visit, problems)
    try:
        async with visit.app.database.transaction() as connection:
            partner, secret = await partners.open_partner(
                connection, name=name, reference=reference or None, now=visit.context.now
            )
            if secret is not None:
                after = partners.describe_partner(partner)
                await visit.context.record(
                    connection, Action.PARTNER_CREATE, partner.id, partner_id=partner.id, after=after
                )
    except Refused as refused:
        return await _show_wrong(visit, explain(visit, refused))
    if secret is None:
        return visit.redirect(f"{PARTNERS}/{partner.id}", done="partner-known")
    return visit.show(
        "operator/partners/secret.html",
        title=visit.gettext(mark("The partner is added")),
        name=partner.name,
        client_id=partner.client_id,
        secret=secret,
        back=f"{PARTNERS}/{partner.id}",
    )


async def _show_wrong(visit: Visit, problems: dict[str, str]) -> Response:
    """With those that have the name or the reference, so that the one that was meant is a click away."""
    name, reference = _read(visit, "name"), _read(visit, "reference")
    async with visit.app.database.connection() as connection:
        known = await find_partners(connection, reference) if reference else []
        if name:
            wanted = ListedPage(after=0, rows_max=SHOWN_ROWS, search=name[:NAME_CHARACTERS_MAX])
            known = _merge(known, await partners.list_partners(connection, wanted))
    return visit.show(
        "operator/partners/new.html", problems=problems, name=name, reference=reference, known=known
    )


def _read(visit: Visit, name: str) -> str:
    return visit.form.get(name, "").strip()


def _check(visit: Visit, name: str, reference: str) -> dict[str, str]:
    problems = {}
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        problems["name"] = visit.gettext(NO_NAME)
    if len(reference) > REFERENCE_CHARACTERS_MAX:
        problems["reference"] = visit.gettext(NO_REFERENCE)
    return problems


def explain(visit: Visit, refused: Refused) -> dict[str, str]:
    """Returns the text at the field. Raises the refusal again if it has none."""
    if refused.fault not in PROBLEMS:
        raise refused
    field, text = PROBLEMS[refused.fault]
    return {field: visit.gettext(text)}


async def show_partner(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: dict[str, str]) -> Response:
    async with visit.app.database.snapshot() as connection:
        partner = await _find(connection, visit)
        parent = await partners.find_application(connection, application_id=partner.id)
        assert parent is not None, "it is the partner's own"
        values = await _read_values(connection, visit, parent)
    return visit.show(
        "operator/partners/show.html",
        problems=problems,
        partner=partner,
        chips=CHIPS,
        given={name: _read(visit, name) for name in ("name", "reference")},
        **values,
    )


async def _read_values(connection: Connection, visit: Visit, parent: Application) -> dict[str, Any]:
    found = await overview.read_overview(connection, application=parent, now=visit.context.now)
    page = ListedPage(after=0, rows_max=SHOWN_ROWS + 1)
    return {
        "contracts": [(one, make_meter(one)) for one in found.contracts],
        "states": found.states,
        "hiring": await hiring.list_partner_contracts(
            connection, partner_id=parent.id, before=NO_ID, rows_max=SHOWN_ROWS
        ),
        "applications": await partners.list_applications(connection, page, partner_id=parent.id),
        "people": await accounts.list_colleagues(
            connection, partner_id=parent.id, after=0, rows_max=SHOWN_ROWS + 1
        ),
        "rows_max": SHOWN_ROWS,
    }


async def change_partner(visit: Visit) -> Response:
    """An empty reference removes it."""
    name, reference = _read(visit, "name"), _read(visit, "reference")
    problems = _check(visit, name, reference)
    if problems:
        return await _show(visit, problems)
    try:
        async with visit.app.database.transaction() as connection:
            before = await _find(connection, visit)
            change = PartnerChange(name=name, reference=reference)
            after = await partners.change_partner(connection, change, partner_id=before.id)
            await visit.context.record(
                connection,
                Action.PARTNER_CHANGE,
                after.id,
                partner_id=after.id,
                before=partners.describe_partner(before),
                after=partners.describe_partner(after),
            )
    except Refused as refused:
        return await _show(visit, explain(visit, refused))
    return visit.redirect(f"{PARTNERS}/{after.id}", done="partner")


async def view_partner(visit: Visit) -> Response:
    """Opens the partner's pages as one of its readers sees them; who did so is in the audit log."""
    async with visit.app.database.transaction() as connection:
        partner = await _find(connection, visit)
        session = await sessions.view_partner(
            connection, token=visit.session_token, partner_id=partner.id, now=read_machine_clock()
        )
        assert session is not None, "the session is an operator's"
        after = {"name": partner.name}
        await visit.context.record(
            connection, Action.PARTNER_LOOK, partner.id, partner_id=partner.id, after=after
        )
    response = visit.redirect(f"{ROOT}/partner")
    cookies.set_session(response, visit.app.settings, session.token)
    return response


async def _find(connection: Connection, visit: Visit) -> Partner:
    partner_id = read_path_id(visit.context.request, "partner_id", what="partner")
    return await partners.find_partner(connection, partner_id=partner_id)
