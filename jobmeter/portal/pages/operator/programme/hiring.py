"""``/portal/operator/hiring``: contracts for slots and credits over all tenants: open, grant, top up, adjust, end."""

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

from starlette.responses import Response

from jobmeter.base.currencies import CURRENT_DIGITS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.base.readers.email_address import check_email
from jobmeter.billing.top_ups import flow as top_ups
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringDraft, HiringKind
from jobmeter.contracts.hiring_acts import flow as acts
from jobmeter.database.connection import Connection
from jobmeter.exports.model import CURRENCY
from jobmeter.http.parameters import IDS_MAX, read_query_id
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.fields import Fields, midnight
from jobmeter.portal.pages.operator.programme.tables import FLAG, NUMBER, TEXT, TIME, Row, send_table

HIRING = "/portal/operator/hiring"
PAGE_ROWS, FILE_ROWS, GRANTS_SHOWN_MAX = 50, 250, 200
RUN_DAYS_MAX, UNITS_MAX, CONTRACT_IDS_MAX = 365, 1_000_000_000, 2**53 - 1
KINDS = {HiringKind.SLOTS: mark("Slots of a client"), HiringKind.CREDITS: mark("Credits of a reseller")}
COLUMNS = {
    "contract": NUMBER,
    "kind": TEXT,
    "owner": TEXT,
    "ownerApplication": NUMBER,
    "isPostpaid": FLAG,
    "unused": NUMBER,
    CURRENCY: TEXT,
    "runDays": NUMBER,
    "startsAt": TIME,
    "endsAt": TIME,
}
NEW_FIELDS = (
    *("kind", "owner", "application", "is_postpaid", "currency", "units", "price", "run_days"),
    *("email", "seats", "number", "starts", "ends"),
)
NO_APPLICATION = mark("There is no application with this number, URN or client id")
NO_EMAIL = mark("Enter an e-mail address, such as ida@example.com")
NO_SEATS = mark("Enter one e-mail address a line")
NO_RESELLER = mark("Credits belong to a reseller: enter its application")
NO_UNITS = mark("Slots are prepaid, and a contract that is paid later holds no units")
NO_KIND = mark("Choose slots or credits")
NO_CURRENCY = mark("Choose a currency")
ENDS_EARLY = mark("The term must end after it begins")
TOO_FEW = mark("There are not so many unused units")
OTHER_UNITS = mark("This reference was used for another number of units")
NO_MOVE = mark("Enter a number of units other than 0; a contract that is paid later holds none")


async def list_contracts(visit: Visit) -> Response:
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.snapshot() as connection:
        rows = await _list_rows(connection, after=after, rows_max=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    return visit.show(
        "operator/programme/hiring/list.html",
        rows=shown,
        kinds=KINDS,
        first=HIRING if after else "",
        following=f"?after={shown[-1][0].id}" if len(rows) > PAGE_ROWS else "",
    )


async def download_contracts(visit: Visit) -> Response:
    return await send_table(visit, "hiring-contracts", COLUMNS, _read_lines(visit))


async def show_new(visit: Visit) -> Response:
    return _show_new(visit, {"run_days": "30", "units": "0", "price": "0"}, {})


async def open_contract(visit: Visit) -> Response:
    fields = Fields(visit, visit.form)
    async with visit.app.database.transaction() as connection:
        draft = await _read_draft(connection, fields)
        if fields.problems:
            return _show_new(visit, visit.form, fields.problems)
        contract = await acts.open_contract(
            connection, draft, record=visit.context.record, now=visit.context.now
        )
    return visit.redirect(f"{HIRING}/{contract.id}", done="hiring")


async def _read_draft(connection: Connection, fields: Fields) -> HiringDraft:
    kind = HiringKind.CREDITS if fields.get("kind") == HiringKind.CREDITS else HiringKind.SLOTS
    is_slots, is_postpaid = kind is HiringKind.SLOTS, fields.get("is_postpaid") == "yes"
    currency, units = fields.get("currency"), fields.read_number("units", least=0, largest=UNITS_MAX)
    email, seats = fields.get("email"), fields.get("seats").split()
    starts, ends = fields.read_day("starts"), fields.read_day("ends")
    owner_id = await _find_owner(connection, fields)
    for name, text, is_wrong in (
        ("kind", NO_KIND, fields.get("kind") not in set(HiringKind)),
        ("currency", NO_CURRENCY, currency not in CURRENT_DIGITS),
        ("application", NO_RESELLER, not is_slots and owner_id is None),
        ("units", NO_UNITS, is_postpaid and (is_slots or units > 0)),
        ("email", NO_EMAIL, bool(check_email(email)) and (is_slots or bool(email))),
        ("seats", NO_SEATS, any(check_email(seat) for seat in seats)),
        ("ends", ENDS_EARLY, starts >= ends),
    ):
        if is_wrong:
            fields.refuse(name, text)
    currency = currency if currency in CURRENT_DIGITS else "USD"
    return HiringDraft(
        kind=kind,
        owner_name=fields.read_text("owner"),
        owner_application_id=owner_id,
        is_postpaid=is_postpaid,
        currency=currency,
        units=units,
        price_micros=fields.read_micros("price", currency, least=0),
        run_days=fields.read_number("run_days", largest=RUN_DAYS_MAX),
        default_poster_email=email,
        seats=tuple(seats),
        sandbox_number=fields.read_number("number", largest=CONTRACT_IDS_MAX)
        if fields.get("number")
        else None,
        starts_at=midnight(starts),
        ends_at=midnight(ends),
    )


async def _find_owner(connection: Connection, fields: Fields) -> int | None:
    if not fields.get("application"):
        return None
    found = await find_application(connection, fields, "application")
    return None if found is None else found.id


async def find_application(connection: Connection, fields: Fields, name: str) -> Application | None:
    """By its number, its URN or its client id."""
    text = fields.get(name)
    try:
        return await acts.find_application(
            connection, f"{URN_APPLICATION}{text}" if text.isdigit() else text[:100]
        )
    except Refused as refused:
        if refused.fault is not Fault.OPERATOR_UNKNOWN:
            raise
        fields.refuse(name, NO_APPLICATION)
        return None


def _show_new(visit: Visit, given: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    return visit.show(
        "operator/programme/hiring/new.html",
        problems=problems,
        given={name: given.get(name, "")[:10_000] for name in NEW_FIELDS},
        currencies=sorted(CURRENT_DIGITS),
        kinds=KINDS,
    )


async def show_contract(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    return await _show_contract(visit)


async def grant(visit: Visit) -> Response:
    """Shows a signing secret once, in this response, if one is asked for. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields, secret = Fields(visit, visit.form), ""
    with_secret = visit.form.get("with_secret") == "yes"
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        application = await find_application(connection, fields, "application")
        if application is not None:
            await acts.grant(
                connection,
                contract=contract,
                application=application,
                with_secret=with_secret,
                record=visit.context.record,
                now=visit.context.now,
            )
            if with_secret:
                secret = await signatures.make_signing_secret(
                    connection,
                    application=application,
                    secret_key=visit.app.settings.secret_key,
                    now=visit.context.now,
                )
    path = f"{HIRING}/{contract.id}"
    if application is None:
        return await _show_contract(visit, fields.problems)
    if not secret:
        return visit.redirect(path, done="grant")
    return visit.show(
        "operator/partners/secret.html",
        title=visit.gettext(mark("The application may use the contract, and has a secret to sign with")),
        name=application.name,
        client_id=application.client_id,
        secret=secret,
        back=path,
    )


async def revoke(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields = Fields(visit, visit.form)
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        application = await find_application(connection, fields, "application")
        if application is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=fields.get("application")[:40])
        await acts.revoke(connection, contract=contract, application=application, record=visit.context.record)
    return visit.redirect(f"{HIRING}/{contract.id}", done="revoked")


async def move_units(visit: Visit) -> Response:
    """Tops up, or corrects by more or fewer, once for each reference. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    fields, is_adjustment = Fields(visit, visit.form), visit.form.get("kind") == "adjustment"
    least = -UNITS_MAX if is_adjustment else 1
    units = acts.Units(
        units=fields.read_number("units", least=least, largest=UNITS_MAX),
        reference=fields.read_text("reference"),
    )
    if not fields.problems:
        try:
            is_new = await _move(visit, units, is_adjustment=is_adjustment)
        except Refused as refused:
            if refused.fault not in _MOVE_PROBLEMS:
                raise
            name, text = _MOVE_PROBLEMS[refused.fault]
            fields.refuse(name, text)
        else:
            return visit.redirect(
                visit.context.path.rpartition("/")[0], done="units" if is_new else "top-up-again"
            )
    return await _show_contract(visit, fields.problems)


_MOVE_PROBLEMS = {
    Fault.OPERATOR_INPUT: ("units", NO_MOVE),
    Fault.BALANCE_TOO_LOW: ("units", TOO_FEW),
    Fault.REFERENCE_REUSED: ("reference", OTHER_UNITS),
}


async def _move(visit: Visit, units: acts.Units, *, is_adjustment: bool) -> bool:
    record, now = visit.context.record, visit.context.now
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        if is_adjustment:
            return await acts.adjust(connection, units, contract=contract, record=record, now=now)
        reference = top_ups.refer(contract.id, units.reference, units=units.units)
        return await acts.top_up(
            connection, units, contract=contract, reference=reference, record=record, now=now
        )


async def show_end(visit: Visit) -> Response:
    """Says what ends. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    async with visit.app.database.snapshot() as connection:
        contract = await find_contract(connection, visit)
        unused = await hiring.read_inventory(connection, contract=contract)
        grants = await hiring.list_grants(connection, contract=contract)
    return visit.show(
        "operator/programme/hiring/end.html",
        contract=contract,
        unused=unused,
        grants=len(grants),
        kinds=KINDS,
    )


async def end(visit: Visit) -> Response:
    """Ends it now. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    async with visit.app.database.transaction() as connection:
        contract = await find_contract(connection, visit)
        await acts.end(
            connection,
            contract=contract,
            ends_at=visit.context.now,
            record=visit.context.record,
            now=visit.context.now,
        )
    return visit.redirect(f"{HIRING}/{contract.id}", done="hiring-ended")


async def _show_contract(visit: Visit, problems: Mapping[str, str] = MappingProxyType({})) -> Response:
    now = visit.context.now
    async with visit.app.database.snapshot() as connection:
        contract = await find_contract(connection, visit)
        unused = await hiring.read_inventory(connection, contract=contract)
        prices = await hiring.list_hiring_prices(connection, contract=contract)
        grants = await hiring.page_grants(connection, contract=contract, after=0, rows_max=GRANTS_SHOWN_MAX)
        applications = [
            (one, await partners.find_application(connection, application_id=one.application_id))
            for one in grants
        ]
    in_force = max((one.valid_from for one in prices if one.valid_from <= now), default=None)
    return visit.show(
        "operator/programme/hiring/contract.html",
        problems=problems,
        contract=contract,
        kinds=KINDS,
        unused=unused,
        prices=[(one, one.valid_from == in_force) for one in prices],
        grants=applications,
        given={name: visit.form.get(name, "")[:300] for name in ("application", "units", "reference")},
        is_adjustment=visit.form.get("kind") == "adjustment",
    )


async def find_contract(connection: Connection, visit: Visit) -> HiringContract:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    number: int = visit.context.request.path_params["contract_id"]
    return await acts.find_contract(connection, contract_id=min(number, IDS_MAX))


async def _list_rows(
    connection: Connection, *, after: int, rows_max: int
) -> list[tuple[HiringContract, int | None]]:
    """Returns contracts with their unused units."""
    found = await hiring.list_hiring_contracts(connection, after=after, rows_max=rows_max)
    return [(one, await hiring.read_inventory(connection, contract=one)) for one in found]


async def _read_lines(visit: Visit) -> AsyncIterator[list[Row]]:
    after = 0
    while True:
        async with visit.app.database.snapshot() as connection:
            rows = await _list_rows(connection, after=after, rows_max=FILE_ROWS)
        yield [_make_line(*row) for row in rows]
        if len(rows) < FILE_ROWS:
            return
        after = rows[-1][0].id


def _make_line(contract: HiringContract, unused: int | None) -> Row:
    return (
        *(contract.id, contract.kind, contract.owner_name, contract.owner_application_id),
        *(contract.is_postpaid, unused, contract.currency, contract.run_days),
        *(contract.starts_at, contract.ends_at),
    )
