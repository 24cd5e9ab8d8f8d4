"""``/portal/sandbox/rehearsal``: the rules of LinkedIn's certification, ticked from the log of requests while an integration runs."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.http.parameters import read_query_id
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage, Partner
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.sandbox.only_there import SANDBOX, sandbox_of
from jobmeter.request_log import flow as request_log
from jobmeter.request_log.model import LogFilter, LoggedRequest
from jobmeter.sandbox_controls.model import Assessment

REHEARSAL = f"{SANDBOX}/rehearsal"
PAGE_ROWS, REQUESTS_MAX = 1_000, 5_000
PARTNERS_MAX = 100
EVIDENCE_SHOWN = 3
RELOAD_SECONDS = 5
CHOICES = ("partner", "after", "campaigns", "follow")
DONE = frozenset({"SHOWN", "NEEDS_PERSON"})
VERDICTS = {
    "SHOWN": ("good", "full", mark("shown")),
    "NEEDS_PERSON": ("good", "half", mark("shown, the rest by hand")),
    "WRONG": ("bad", "triangle", mark("wrong")),
    "NOT_SHOWN": ("still", "empty", mark("not shown yet")),
    "NOT_APPLICABLE": ("still", "square", mark("does not apply")),
}


async def show_rehearsal(visit: Visit) -> Response:
    """``?after=`` begins after a request, ``?campaigns=1`` is for partners with campaigns, ``?follow=1`` reloads the page.

    Raises ``Refused``: ROUTE_UNKNOWN in production, OPERATOR_UNKNOWN.
    """
    sandbox, query = sandbox_of(visit), visit.context.request.query_params
    after = read_query_id(visit.context.request, "after") or 0
    has_campaigns, follows = query.get("campaigns") == "1", query.get("follow") == "1"
    async with visit.app.database.connection() as connection:
        partner, others = await _find_partner(connection, visit)
        requests = await _list_requests(connection, partner, after)
    assessed = sandbox.assess(requests, has_campaigns=has_campaigns)
    due = [one for one in assessed if one.verdict != "NOT_APPLICABLE" and not one.is_optional]
    return visit.show(
        "sandbox/rehearsal.html",
        partner=partner,
        partners=others,
        groups=_group(assessed),
        verdicts=VERDICTS,
        seen=sum(one.verdict in DONE for one in due),
        total=len(due),
        wrong=sum(one.verdict == "WRONG" for one in assessed),
        evidence={one.number: one for one in requests},
        evidence_shown=EVIDENCE_SHOWN,
        requests_read=len(requests),
        after=after,
        last=requests[-1].number if requests else after,
        has_campaigns=has_campaigns,
        follows=follows,
        address=partial(_write_address, visit),
        reload_seconds=RELOAD_SECONDS if follows else None,
        by_hand=[one for one in assessed if one.by_hand and one.verdict != "NOT_APPLICABLE"],
    )


def _write_address(visit: Visit, **changed: object) -> str:
    """Returns the address of this page with other choices; ``None`` leaves one out."""
    query = {name: visit.context.request.query_params.get(name) for name in CHOICES} | changed
    return f"{REHEARSAL}?{urlencode({name: value for name, value in query.items() if value})}"


async def _find_partner(connection: Connection, visit: Visit) -> tuple[Partner, list[Partner]]:
    """Returns whose requests are judged, and between whom an operator may choose."""
    own = visit.signed_in.grant.partner_id
    if own is not None:
        return await partners.find_partner(connection, partner_id=own), []
    others = await partners.list_partners(connection, ListedPage(after=0, rows_max=PARTNERS_MAX))
    wanted = read_query_id(visit.context.request, "partner")
    if wanted is None and others:
        return others[0], others
    if wanted is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="partner", key="of this sandbox")
    return await partners.find_partner(connection, partner_id=wanted), others


async def _list_requests(connection: Connection, partner: Partner, after: int) -> list[LoggedRequest]:
    """Returns the partner's requests after a number, the oldest first."""
    found: list[LoggedRequest] = []
    while len(found) < REQUESTS_MAX:
        wanted = LogFilter(partner_id=partner.id, after=after, rows_max=PAGE_ROWS)
        rows = await request_log.list_requests(connection, wanted)
        found += rows
        if len(rows) < PAGE_ROWS:
            break
        after = rows[-1].number
    return found


def _group(assessed: Sequence[Assessment]) -> list[tuple[str, list[Assessment]]]:
    """Returns the rules of each review in the order of the table."""
    names = dict.fromkeys(one.group for one in assessed)
    return [(name, [one for one in assessed if one.group == name]) for name in names]
