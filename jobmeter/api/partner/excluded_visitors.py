"""Filters at intake: an operator's policy for a contract, a partner's excluded visitors, the last events refused."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_operator_body
from jobmeter.api.http.context import State
from jobmeter.api.http.responses import json_response
from jobmeter.api.operator.contracts import find_contract
from jobmeter.api.operator.gateway import OperatorBody, with_operator_key
from jobmeter.api.partner.gateway import read_path_id, with_partner
from jobmeter.base.clock import from_ms
from jobmeter.base.days import LATE_WINDOW_HOURS
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_JOB
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.model import (
    FUTURE_TOLERANCE_SECONDS,
    ExcludedVisitor,
    FilterPolicy,
    RefusedEvent,
)
from jobmeter.metering.intake.identity import find_address, find_visitor
from jobmeter.metering.model import VERDICTS
from jobmeter.partners.model import Application

Text = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
Note = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class PolicyBody(OperatorBody):
    """What is left out has its default."""

    refuses_crawlers: bool = True
    refuses_other_markets: bool = True
    refuses_excluded: bool = True
    late_window_hours: Annotated[int, Field(ge=1, le=LATE_WINDOW_HOURS)] = LATE_WINDOW_HOURS
    future_tolerance_seconds: Annotated[int, Field(ge=0, le=FUTURE_TOLERANCE_SECONDS)] = (
        FUTURE_TOLERANCE_SECONDS
    )


class ExclusionBody(OperatorBody):
    """Either ``visitor``, as the job board names it, or ``address``, whose whole network is meant."""

    visitor: Text | None = None
    address: Text | None = None
    note: Note = ""


@with_operator_key
async def show_policy(request: Request, state: State) -> Response:
    async with state.database.connection() as connection:
        contract = await find_contract(connection, request)
        policy = await filters.read_policy(connection, contract_id=contract.id)
    return json_response(draw_policy(policy))


@with_operator_key
async def set_policy(request: Request, state: State) -> Response:
    """Holds from the next batch on."""
    body = await read_operator_body(request, PolicyBody)
    policy = FilterPolicy(**body.model_dump())
    async with state.database.transaction() as connection:
        contract = await find_contract(connection, request)
        await filters.set_policy(connection, contract_id=contract.id, policy=policy)
    return json_response(draw_policy(policy))


@with_operator_key
async def list_all_refused(_: Request, state: State) -> Response:
    """The last 50 events of all senders that did not count, those that could not be read among them."""
    async with state.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=filters.OPERATOR)
    return json_response({"elements": [draw_refused(event) for event in found]})


@with_partner
async def list_own_refused(_: Request, state: State, application: Application, __: datetime) -> Response:
    """The last 50 events of the application's jobs that did not count, newest first."""
    async with state.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=application.id)
    return json_response({"elements": [draw_refused(event) for event in found]})


@with_partner
async def list_excluded(_: Request, state: State, application: Application, __: datetime) -> Response:
    """By hash: who is excluded can not be read back."""
    async with state.database.connection() as connection:
        found = await filters.list_excluded(connection, application=application)
    return json_response({"elements": [draw_excluded(one) for one in found]})


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
    return json_response(draw_excluded(added), status=201)


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


def draw_policy(policy: FilterPolicy) -> dict[str, Any]:
    return {
        "refusesCrawlers": policy.refuses_crawlers,
        "refusesOtherMarkets": policy.refuses_other_markets,
        "refusesExcluded": policy.refuses_excluded,
        "lateWindowHours": policy.late_window_hours,
        "futureToleranceSeconds": policy.future_tolerance_seconds,
    }


def draw_excluded(one: ExcludedVisitor) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": "ADDRESS_NETWORK" if one.is_address else "VISITOR",
        "hash": f"{one.subject:016x}",
        "note": one.note,
        "createdAt": one.created_at.isoformat(),
    }


def draw_refused(event: RefusedEvent) -> dict[str, Any]:
    return {
        "source": event.source,
        "id": event.event_id,
        "type": event.type,
        "time": from_ms(event.time_ms).isoformat() if event.time_ms else None,
        "jobPosting": f"{URN_JOB}{event.job_id}" if event.job_id else None,
        "reason": VERDICTS[event.verdict].name,
        "message": event.message,
        "receivedAt": event.received_at.isoformat(),
    }
