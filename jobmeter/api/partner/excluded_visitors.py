"""Filters at intake: an operator's policy for a contract, a partner's excluded visitors, the last events refused."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_operator_body
from jobmeter.api.http.context import State
from jobmeter.api.http.parameters import read_path_id
from jobmeter.api.http.refused_events import serialize_refused_event
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.api.partner.gateway import with_partner
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import (
    ExcludedVisitor,
)
from jobmeter.metering.intake.model import find_address, find_visitor
from jobmeter.partners.model import Application

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
Note = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class ExclusionBody(OperatorBody):
    """Either ``visitor``, as the job board names it, or ``address``, whose whole network is meant."""

    visitor: Text | None = None
    address: Text | None = None
    note: Note = ""


@with_partner
async def list_own_refused(_: Request, state: State, application: Application, __: datetime) -> Response:
    """The last 50 events of the application's jobs that did not count, newest first."""
    async with state.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=application.id)
    return json_response({"elements": [serialize_refused_event(event) for event in found]})


@with_partner
async def list_excluded(_: Request, state: State, application: Application, __: datetime) -> Response:
    """By hash: who is excluded can not be read back."""
    async with state.database.connection() as connection:
        found = await filters.list_excluded(connection, application=application)
    return json_response({"elements": [serialize_excluded(one) for one in found]})


@with_partner
async def exclude(request: Request, state: State, application: Application, now: datetime) -> Response:
    """No event of this visitor or network counts for the application's jobs; a parent's holds for all its children."""
    body = await read_operator_body(request, ExclusionBody)
    is_address, subject = read_subject(body)
    async with state.database.transaction() as connection:
        added = await filters.exclude(
            connection,
            application=application,
            is_address=is_address,
            subject=subject,
            note=body.note,
            now=now,
        )
    return json_response(serialize_excluded(added), status=201)


def read_subject(body: ExclusionBody) -> tuple[bool, int]:
    """Whether it is an address, and its number. Raises ``Refused(OPERATOR_INPUT)``."""
    if (body.visitor is None) == (body.address is None):
        raise Refused(Fault.OPERATOR_INPUT, field="visitor, address", why="name one of them")
    if body.visitor is not None:
        return False, find_visitor(body.visitor)
    assert body.address is not None, "one of them is given"
    number = find_address(body.address)
    if not number:
        raise Refused(Fault.OPERATOR_INPUT, field="address", why="is no IP address")
    return True, number


@with_partner
async def include_again(request: Request, state: State, application: Application, _: datetime) -> Response:
    excluded_id = read_path_id(request, "excluded_id", what="excluded visitor")
    async with state.database.transaction() as connection:
        if not await filters.include_again(connection, application=application, excluded_id=excluded_id):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="excluded visitor", key=excluded_id)
    return Response(status_code=204)


def serialize_excluded(one: ExcludedVisitor) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": "ADDRESS_NETWORK" if one.is_address else "VISITOR",
        "hash": f"{one.subject:016x}",
        "note": one.note,
        "createdAt": one.created_at.isoformat(),
    }
