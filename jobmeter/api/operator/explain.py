"""``/operator/explain/...``: from a reported figure to its postings and clicks, with the reason for each."""

from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.base.readers import times
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.billing.model import Document
from jobmeter.explain import flow as explain
from jobmeter.explain.model import (
    ChargeExplanation,
    ClickPage,
    DayExplanation,
    ExplainedClick,
    ExplainedDay,
    ExplainedJob,
    ExplainedPosting,
    JobExplanation,
    PostingPage,
    serialize_restatement,
)
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import format_time, json_response
from jobmeter.ledger.model import AccountKind, Purpose
from jobmeter.metering.intake import model as identity
from jobmeter.wire.events import KINDS


async def explain_job(context: RequestContext) -> Response:
    """``?postingsAfter=`` continues the list of postings."""
    postings_after = read_number(context.request, "postingsAfter")
    async with context.app.database.connection() as connection:
        found = await explain.explain_job(
            connection, job_id=context.request.path_params["job_id"], postings_after=postings_after
        )
    return json_response(serialize_job_explanation(found))


async def explain_day(context: RequestContext) -> Response:
    """``?after=`` continues the list of clicks, ``?postingsAfter=`` the list of postings."""
    day = read_day(context.request.path_params["day"])
    after, postings_after = read_after(context.request), read_number(context.request, "postingsAfter")
    async with context.app.database.connection() as connection:
        found = await explain.explain_day(
            connection,
            job_id=context.request.path_params["job_id"],
            day=day,
            after=after,
            postings_after=postings_after,
        )
    return json_response(serialize_day_explanation(found))


async def explain_charge(context: RequestContext) -> Response:
    """``?after=`` continues the list of clicks. ``billedBy`` is the line of the invoice, ``null`` before the month is billed."""
    after = read_after(context.request)
    reference = read_key(context.request.path_params["reference"], field="reference")
    async with context.app.database.connection() as connection:
        found = await explain.explain_charge(connection, reference=reference, after=after)
        billed = await credit_notes.find_billed_charge(connection, charge=reference)
    return json_response(serialize_charge_explanation(found) | {"billedBy": serialize_billed(billed)})


async def explain_event(context: RequestContext) -> Response:
    """Identifies the event by its key in the path, or by the ``source``, ``id`` and ``time`` that the job board sent."""
    key = context.request.path_params.get("event_key")
    event_key = find_key(context.request) if key is None else read_key(key, field="eventKey")
    async with context.app.database.connection() as connection:
        found = await explain.explain_event(connection, event_key=event_key)
        job = (await explain.explain_job(connection, job_id=found.event.job_id)).job
    click = None if found.click is None else serialize_click(found.click, job.currency)
    return json_response(
        serialize_job(job)
        | {
            "eventKey": str(event_key),
            "type": KINDS[found.event.kind],
            "batch": found.event.batch,
            "intake": found.verdict,
            "click": click,
        }
    )


def find_key(request: Request) -> UUID:
    """Returns the key of the event. Raises ``Refused(OPERATOR_INPUT)`` if the three parameters cannot identify one."""
    source, event_id, time = (request.query_params.get(name, "") for name in ("source", "id", "time"))
    moment = times.read_moment(time)
    key = (
        None
        if moment is None
        else identity.find_event_key(source=source, event_id=event_id, time=to_ms(moment))
    )
    if key is None:
        raise Refused(Fault.OPERATOR_INPUT, field="source, id, time", why="must identify an event")
    return key


def read_day(text: str) -> date:
    day = times.read_day(text)
    if day is None:
        raise Refused(Fault.OPERATOR_INPUT, field="day", why="must be a date such as 2026-03-02")
    return day


def read_key(text: str, *, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refused(Fault.OPERATOR_INPUT, field=field, why="must be a UUID") from error


def read_after(request: Request) -> UUID:
    return read_key(request.query_params.get("after") or str(explain.FIRST_KEY), field="after")


def read_number(request: Request, name: str) -> int:
    text = request.query_params.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused(Fault.OPERATOR_INPUT, field=name, why="must be the number of a posting")
    return int(text)


def serialize_job_explanation(found: JobExplanation) -> dict[str, Any]:
    return (
        serialize_job(found.job)
        | {"days": [serialize_day(day, found.job.currency) for day in found.days]}
        | serialize_postings(found.page, found.job.currency)
    )


def serialize_day_explanation(found: DayExplanation) -> dict[str, Any]:
    currency = found.job.currency
    return (
        serialize_job(found.job)
        | {
            "figures": serialize_day(found.day, currency),
            "restatements": [serialize_restatement(change, currency) for change in found.restatements],
        }
        | serialize_postings(found.page, currency)
        | serialize_clicks(found.click_page, currency)
    )


def serialize_charge_explanation(found: ChargeExplanation) -> dict[str, Any]:
    currency = found.job.currency
    return (
        serialize_job(found.job)
        | {
            "charge": {
                "reference": str(found.reference),
                "number": found.charge.number,
                "day": found.charge.day.isoformat(),
                "batch": found.charge.batch,
                "amount": format_amount(found.charge.amount, currency),
                "bookedAt": found.charge.booked_at.isoformat(),
            },
            "corrections": [serialize_posting(posting, currency) for posting in found.corrections],
        }
        | serialize_clicks(found.click_page, currency)
    )


def serialize_billed(billed: tuple[Document, int] | None) -> dict[str, Any] | None:
    if billed is None:
        return None
    document, line = billed
    return {"invoice": document.id, "number": document.number or None, "line": line}


def serialize_postings(page: PostingPage, currency: str) -> dict[str, Any]:
    return {
        "postings": [serialize_posting(posting, currency) for posting in page.postings],
        "nextPostingsAfter": page.next_after,
    }


def serialize_clicks(page: ClickPage, currency: str) -> dict[str, Any]:
    return {
        "clicks": [serialize_click(click, currency) for click in page.clicks],
        "nextAfter": None if page.next_after is None else str(page.next_after),
        "eventsDroppedAt": format_time(page.dropped_at),
    }


def serialize_job(job: ExplainedJob) -> dict[str, Any]:
    return {
        "jobId": job.job_id,
        "externalJobPostingId": job.external_id,
        "title": job.title,
        "state": job.state,
        "partnerContractId": job.partner_contract_id or None,
        "currency": job.currency or None,
        "clickPrice": _serialize(job.click_price_micros, job.currency),
        "budget": _serialize(job.budget_micros, job.currency),
        "spent": _serialize(job.spent_micros, job.currency),
        "released": _serialize(job.released_micros, job.currency),
    }


def serialize_day(day: ExplainedDay, currency: str) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "views": day.views,
        "applyClicks": day.apply_clicks,
        "clicksCharged": day.clicks_charged,
        "clicksBeyondBudget": day.clicks_free,
        "clicksRefused": day.clicks_refused,
        "clicksReversed": day.clicks_reversed,
        "charge": _serialize(day.charge_micros, currency),
        "finalSince": format_time(day.settled_at),
    }


def serialize_posting(posting: ExplainedPosting, currency: str) -> dict[str, Any]:
    return {
        "number": posting.number,
        "reference": str(posting.reference),
        "purpose": Purpose(posting.purpose).name,
        "from": AccountKind(posting.source_kind).name,
        "to": AccountKind(posting.destination_kind).name,
        "amount": _serialize(posting.amount, currency),
        "day": posting.day.isoformat(),
        "bookedAt": posting.booked_at.isoformat(),
        "batch": posting.cause if posting.purpose == Purpose.CHARGE else None,
        "corrects": None if posting.corrects is None else str(posting.corrects),
    }


def serialize_click(click: ExplainedClick, currency: str) -> dict[str, Any]:
    return {
        "eventKey": str(click.event_key),
        "at": click.at.isoformat(),
        "atMs": to_ms(click.at),
        "visitor": f"{click.visitor:x}" if click.visitor else None,
        "batch": click.batch,
        "outcome": click.outcome.value,
        "reason": click.reason,
        "charge": None if click.charge is None else str(click.charge),
        "amount": _serialize(click.amount_micros, currency),
    }


def _serialize(micros: int, currency: str) -> str | None:
    return format_amount(micros, currency) if currency else None
