"""Owns the verb of the operator's search."""

from collections.abc import Awaitable
from typing import TypeVar
from uuid import UUID

from jobmeter.base.faults import Fault, Refused
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.jobs.model import PostingFilter
from jobmeter.jobs.postings import flow as postings
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import PeopleFilter
from jobmeter.reports.search import store
from jobmeter.reports.search.model import Hit, HitKind

ROWS_MAX = 20  # of each kind
DIGITS_MAX = 18
Found = TypeVar("Found")


async def find_anything(connection: Connection, text: str) -> list[Hit]:
    """Returns what has this number, reference or external id, and partners, applications and people by name."""
    hits = []
    if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX:
        hits += await _find_by_number(connection, int(text))
    key = _read_key(text)
    if key is not None:
        hits += await _find_by_key(connection, key)
    elif text:
        hits += await _find_by_name(connection, text)
    order = list(HitKind)
    found = {(hit.kind, hit.key): hit for hit in reversed(hits)}
    return sorted(found.values(), key=lambda hit: (order.index(hit.kind), hit.key))


def _read_key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _find_by_number(connection: Connection, number: int) -> list[Hit]:
    hits = []
    application = await partners.find_application(connection, application_id=number)
    if application is not None:
        hits.append(_show_application(application))
    hits += await _find_contracts(connection, number)
    job = await store.find_job(connection, job_id=number)
    if job is not None:
        hits.append(_show(HitKind.JOB, number, name=job.title, partner_id=job.partner_id))
    return hits


async def _find_contracts(connection: Connection, number: int) -> list[Hit]:
    hits = []
    contract = await contracts.find_partner_contract(connection, contract_id=number)
    if contract is not None:
        hits.append(_show(HitKind.CONTRACT, number, name=contract.currency, partner_id=contract.partner_id))
    customer = await contracts.find_customer_contract(connection, contract_id=number)
    if customer is not None:
        shared = customer.partner_contract
        hits.append(
            _show(
                HitKind.CUSTOMER_CONTRACT,
                number,
                name=str(customer.application_id),
                partner_id=shared.partner_id,
                target=str(shared.id),
            )
        )
    found = await hiring.find_hiring_contract(connection, contract_id=number)
    if found is not None:
        hits.append(_show(HitKind.HIRING_CONTRACT, number, name=found.owner_name))
    return hits


async def _find_by_key(connection: Connection, key: UUID) -> list[Hit]:
    hits = []
    charge = await _unless_unknown(explain.explain_charge(connection, reference=key))
    if charge is not None:
        hits.append(_show(HitKind.CHARGE, key, name=str(charge.job.job_id)))
    event = await _unless_unknown(explain.explain_event(connection, event_key=key))
    if event is not None:
        hits.append(_show(HitKind.EVENT, key, name=str(event.event.job_id)))
    return hits


async def _unless_unknown(read: Awaitable[Found]) -> Found | None:
    try:
        return await read
    except Refused as refused:
        if refused.fault is not Fault.OPERATOR_UNKNOWN:
            raise
        return None


async def _find_by_name(connection: Connection, text: str) -> list[Hit]:
    page = ListedPage(after=0, rows_max=ROWS_MAX, search=text)
    own = await partners.list_partners(connection, page)
    own += await partners.list_partners(connection, page, reference=text)
    hits = [_show(HitKind.PARTNER, one.id, name=one.name, partner_id=one.id) for one in own]
    hits += [_show_application(one) for one in await partners.list_applications(connection, page)]
    hits += await _find_jobs(connection, text)
    for invoice in await store.find_invoices(connection, number=text, rows_max=ROWS_MAX):
        hits.append(
            _show(
                HitKind.INVOICE,
                invoice.number,
                name="",
                partner_id=invoice.partner_id,
                target=str(invoice.document_id),
            )
        )
    people = await accounts.list_people(connection, PeopleFilter(after=0, rows_max=ROWS_MAX, search=text))
    hits += [_show(HitKind.PERSON, one.person.id, name=one.person.email) for one in people]
    return hits


async def _find_jobs(connection: Connection, external_id: str) -> list[Hit]:
    found = await postings.list_postings(
        connection, PostingFilter(external_id=external_id), after=0, rows_max=ROWS_MAX
    )
    return [_show(HitKind.JOB, one.job_id, name=one.title) for one in found]


def _show_application(application: Application) -> Hit:
    kind = HitKind.PARTNER if application.parent_id is None else HitKind.APPLICATION
    return _show(kind, application.id, name=application.name, partner_id=application.partner_id)


def _show(kind: HitKind, key: object, *, name: str, partner_id: int | None = None, target: str = "") -> Hit:
    return Hit(kind=kind, key=str(key), name=name, partner_id=partner_id, target=target or str(key))
