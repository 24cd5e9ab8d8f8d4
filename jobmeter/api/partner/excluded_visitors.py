"""``/partner/excludedVisitors``: visitors and networks whose events do not count; ``/partner/lastRefusedEvents``."""

from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX, EXCLUDED_VISITORS_PAGE
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_path_id, read_query_number
from jobmeter.http.responses import json_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import ExcludedVisitor, serialize_refused_event
from jobmeter.metering.intake.model import find_address, find_visitor, show_network
from jobmeter.partners.model import Application

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
Note = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class ExcludedVisitorBody(OperatorBody):
    """Either ``visitor``, as the job board sends it, or ``address``, which excludes its whole network."""

    visitor: Text | None = None
    address: Text | None = None
    note: Note = ""


async def list_own_refused(context: RequestContext) -> Response:
    """The last 50 events of the application's jobs that did not count, newest first."""
    async with context.app.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=context.application.id)
    return json_response({"elements": [serialize_refused_event(event) for event in found]})


async def list_excluded(context: RequestContext) -> Response:
    """Oldest first; ``?after=`` is the ``nextAfter`` of the previous response. A visitor's identifier is not kept."""
    after_id = read_query_number(context.request, "after", 0, largest=IDS_MAX)
    async with context.app.database.connection() as connection:
        found = await filters.list_excluded(
            connection, application=context.application, after_id=after_id, rows_max=EXCLUDED_VISITORS_PAGE
        )
    next_after = found[-1].id if len(found) == EXCLUDED_VISITORS_PAGE else None
    return json_response({"elements": [serialize_excluded(one) for one in found], "nextAfter": next_after})


async def exclude(context: RequestContext, body: ExcludedVisitorBody) -> Response:
    """Events of this visitor or network do not count for the application's jobs; a parent's exclusion applies to all children."""
    is_address, subject = read_subject(body)
    async with context.app.database.transaction() as connection:
        added = await filters.exclude(
            connection,
            application=context.application,
            is_address=is_address,
            subject=subject,
            note=body.note,
            now=context.now,
        )
        await context.record(
            connection,
            Action.EXCLUDED_VISITOR_ADD,
            added.id,
            partner_id=context.application.partner_id,
            after=_describe(added, context.application),
        )
    return json_response(serialize_excluded(added), status=201)


def read_subject(body: ExcludedVisitorBody) -> tuple[bool, int]:
    """Returns whether the subject is an address, and its number. Raises ``Refused(OPERATOR_INPUT)``."""
    if (body.visitor is None) == (body.address is None):
        raise Refused(Fault.OPERATOR_INPUT, field="visitor, address", why="give exactly one of them")
    if body.visitor is not None:
        return False, find_visitor(body.visitor)
    assert body.address is not None, "exactly one is given"
    number = find_address(body.address)
    if not number:
        raise Refused(Fault.OPERATOR_INPUT, field="address", why="is not an IP address")
    return True, number


async def include_again(context: RequestContext) -> Response:
    excluded_id = read_path_id(context.request, "excluded_id", what="excluded visitor")
    application = context.application
    async with context.app.database.transaction() as connection:
        known = await filters.list_excluded(
            connection, application=application, after_id=excluded_id - 1, rows_max=1
        )
        if not await filters.include_again(connection, application=application, excluded_id=excluded_id):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="excluded visitor", key=excluded_id)
        await context.record(
            connection,
            Action.EXCLUDED_VISITOR_REMOVE,
            excluded_id,
            partner_id=application.partner_id,
            before=_describe(known[0], application),
        )
    return Response(status_code=204)


def _describe(one: ExcludedVisitor, application: Application) -> dict[str, Any]:
    return serialize_excluded(one) | {"application": application.urn}


def serialize_excluded(one: ExcludedVisitor) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": "ADDRESS_NETWORK" if one.is_address else "VISITOR",
        "number": f"{one.subject:016x}",
        "network": show_network(one.subject) if one.is_address else None,
        "hash": f"{one.subject:016x}",
        "note": one.note,
        "createdAt": one.created_at.isoformat(),
    }
