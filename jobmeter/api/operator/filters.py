"""The operator's policy of filters, and the events that they refused."""

from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_operator_body
from jobmeter.api.http.context import AppContext
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.api.operator.contracts import find_contract
from jobmeter.api.operator.gateway import with_operator_key
from jobmeter.base.days import LATE_WINDOW_HOURS
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.filters.json import serialize_refused_event
from jobmeter.metering.filters.model import FUTURE_TOLERANCE_SECONDS, FilterPolicy


class PolicyBody(OperatorBody):
    """What is left out has its default."""

    refuses_crawlers: bool = True
    refuses_other_markets: bool = True
    refuses_excluded: bool = True
    late_window_hours: Annotated[int, Field(ge=1, le=LATE_WINDOW_HOURS)] = LATE_WINDOW_HOURS
    future_tolerance_seconds: Annotated[int, Field(ge=0, le=FUTURE_TOLERANCE_SECONDS)] = (
        FUTURE_TOLERANCE_SECONDS
    )


@with_operator_key
async def show_policy(request: Request, state: AppContext) -> Response:
    async with state.database.connection() as connection:
        contract = await find_contract(connection, request)
        policy = await filters.read_policy(connection, contract_id=contract.id)
    return json_response(serialize_policy(policy))


@with_operator_key
async def set_policy(request: Request, state: AppContext) -> Response:
    """Holds from the next batch on."""
    body = await read_operator_body(request, PolicyBody)
    policy = FilterPolicy(**body.model_dump())
    async with state.database.transaction() as connection:
        contract = await find_contract(connection, request)
        await filters.set_policy(connection, contract_id=contract.id, policy=policy)
    return json_response(serialize_policy(policy))


@with_operator_key
async def list_all_refused(_: Request, state: AppContext) -> Response:
    """The last 50 events of all senders that did not count, those that could not be read among them."""
    async with state.database.connection() as connection:
        found = await filters.list_refused(connection, owner_id=filters.OPERATOR)
    return json_response({"elements": [serialize_refused_event(event) for event in found]})


def serialize_policy(policy: FilterPolicy) -> dict[str, Any]:
    return {
        "refusesCrawlers": policy.refuses_crawlers,
        "refusesOtherMarkets": policy.refuses_other_markets,
        "refusesExcluded": policy.refuses_excluded,
        "lateWindowHours": policy.late_window_hours,
        "futureToleranceSeconds": policy.future_tolerance_seconds,
    }
