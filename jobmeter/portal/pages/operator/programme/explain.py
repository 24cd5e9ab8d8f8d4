"""``/portal/operator/explain``: from a line of an invoice to its charge and to the clicks, and back, with the reason for each."""

from collections.abc import Awaitable
from datetime import date
from typing import Any
from uuid import UUID

from starlette.responses import Response

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.readers import times
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.explain import flow as explain
from jobmeter.explain.model import ClickOutcome
from jobmeter.http.parameters import CURSOR_DIGITS_MAX, read_query_number
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.intake import model as identity
from jobmeter.metering.model import EventKind
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.settlement.model import RULES

EXPLAIN = "/portal/operator/explain"
POSTINGS_MAX = 2**62
OUTCOMES = {
    ClickOutcome.CHARGED: ("good", "full", mark("charged")),
    ClickOutcome.BEYOND_BUDGET: ("warn", "half", mark("free")),
    ClickOutcome.NOT_PRICED: ("still", "empty", mark("not paid per click")),
    ClickOutcome.REFUSED: ("still", "triangle", mark("did not count")),
    ClickOutcome.REVERSED: ("still", "square", mark("reversed")),
}
PURPOSES = {
    Purpose.FUND: mark("limit or top-up"),
    Purpose.RESERVE: mark("reserved"),
    Purpose.CHARGE: mark("charged"),
    Purpose.RELEASE: mark("released"),
    Purpose.REVERSE: mark("reversed"),
    Purpose.ADJUST: mark("adjusted"),
    Purpose.CONSUME: mark("credit used"),
}
ACCOUNTS = {
    AccountKind.FUNDING: mark("funding"),
    AccountKind.CONTRACT: mark("contract"),
    AccountKind.JOB: mark("job"),
    AccountKind.EARNED: mark("charges"),
    AccountKind.SLOTS_FREE: mark("free slots"),
    AccountKind.SLOT_HELD: mark("slot of the job"),
    AccountKind.CREDITS: mark("credits"),
    AccountKind.CREDITS_USED: mark("used credits"),
    AccountKind.CREDITS_OWED: mark("credits to be invoiced"),
}
NOT_FOUND = mark("Nothing is stored under this number. Events are deleted some time after their day is final")
NO_NUMBER = mark("Enter the number of a job, or the reference of a charge or of an event")
NO_EVENT = mark("Enter source, id and time as the job board sent them")


async def search(visit: Visit) -> Response:
    """Redirects to the explanation of what is asked for: a job, a charge, or an event."""
    query = visit.context.request.query_params
    text = query.get("q", "").strip()[:300]
    event = [query.get(name, "").strip()[:300] for name in ("source", "id", "time")]
    problems = {}
    if text:
        found = await _find(visit, text)
        if found:
            return visit.redirect(found)
        problems["q"] = visit.gettext(NOT_FOUND if _read_key(text) or text.isdigit() else NO_NUMBER)
    elif any(event):
        moment = times.read_moment(event[2])
        key = None
        if moment is not None:
            key = identity.find_event_key(source=event[0], event_id=event[1], time=to_ms(moment))
        found = await _find(visit, str(key)) if key is not None else ""
        if found:
            return visit.redirect(found)
        problems["source"] = visit.gettext(NO_EVENT if key is None else NOT_FOUND)
    return visit.show(
        "operator/programme/explain/search.html",
        problems=problems,
        q=text,
        event=dict(zip(("source", "id", "time"), event, strict=True)),
    )


async def _find(visit: Visit, text: str) -> str:
    """Returns the path of what a number or a reference names; empty if it names nothing."""
    key, is_number = _read_key(text), text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX
    async with visit.app.database.connection() as connection:
        if is_number and await _is_known(explain.explain_job(connection, job_id=int(text))):
            return f"{EXPLAIN}/jobs/{int(text)}"
        if key is not None and await _is_known(explain.explain_charge(connection, reference=key)):
            return f"{EXPLAIN}/charges/{key}"
        if key is not None and await _is_known(explain.explain_event(connection, event_key=key)):
            return f"{EXPLAIN}/events/{key}"
    return ""


async def _is_known(read: Awaitable[object]) -> bool:
    try:
        await read
    except Refused as refused:
        if refused.fault is not Fault.OPERATOR_UNKNOWN:
            raise
        return False
    return True


async def show_job(visit: Visit) -> Response:
    """``postings_after`` continues the list of postings. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    after = read_query_number(visit.context.request, "postings_after", 0, largest=POSTINGS_MAX)
    async with visit.app.database.snapshot() as connection:
        found = await explain.explain_job(
            connection, job_id=visit.context.request.path_params["job_id"], postings_after=after
        )
    return _show(visit, "job", found=found, job=found.job)


async def show_day(visit: Visit) -> Response:
    """``after`` continues the list of clicks, ``postings_after`` that of postings. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    request = visit.context.request
    after = read_query_number(request, "postings_after", 0, largest=POSTINGS_MAX)
    async with visit.app.database.snapshot() as connection:
        found = await explain.explain_day(
            connection,
            job_id=request.path_params["job_id"],
            day=_read_day(request.path_params["day"]),
            after=_read_after(visit),
            postings_after=after,
        )
    return _show(visit, "day", found=found, job=found.job)


async def show_charge(visit: Visit) -> Response:
    """With the line of the invoice that bills it. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    reference = _read_named_key(visit, "reference", what="charge")
    async with visit.app.database.snapshot() as connection:
        found = await explain.explain_charge(connection, reference=reference, after=_read_after(visit))
        billed = await credit_notes.find_billed_charge(connection, charge=reference)
    return _show(visit, "charge", found=found, job=found.job, billed=billed)


async def show_event(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``, also for an event that is no longer stored."""
    key = _read_named_key(visit, "event_key", what="event")
    async with visit.app.database.snapshot() as connection:
        found = await explain.explain_event(connection, event_key=key)
        job = (await explain.explain_job(connection, job_id=found.event.job_id)).job
    return _show(visit, "event", found=found, job=job, is_view=found.event.kind == EventKind.VIEW)


def _show(visit: Visit, template: str, **values: Any) -> Response:
    return visit.show(
        f"operator/programme/explain/{template}.html",
        outcomes=OUTCOMES,
        purposes=PURPOSES,
        accounts=ACCOUNTS,
        rules=RULES,
        is_charge=lambda posting: posting.purpose == Purpose.CHARGE,
        **values,
    )


def _read_key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _read_named_key(visit: Visit, name: str, *, what: str) -> UUID:
    """What cannot be a reference names nothing."""
    text = visit.context.request.path_params[name]
    key = _read_key(text)
    if key is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what=what, key=text[:40])
    return key


def _read_after(visit: Visit) -> UUID:
    return _read_key(visit.context.request.query_params.get("after", "")) or explain.FIRST_KEY


def _read_day(text: str) -> date:
    day = times.read_day(text)
    if day is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="day", key=text[:40])
    return day
