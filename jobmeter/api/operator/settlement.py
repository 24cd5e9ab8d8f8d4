"""``/operator/settlement...``: exclusions by hand, lists of networks, the rules' limits, credits for final charges."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_operator_body
from jobmeter.api.http.context import State
from jobmeter.api.http.parameters import read_query_number
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.api.operator.gateway import with_operator_key
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.base.money import parse_positive_amount
from jobmeter.charging.corrections import flow as corrections
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.jobs.pages import flow as pages
from jobmeter.metering.intake import model as identity
from jobmeter.settlement.click_rules import flow as policy
from jobmeter.settlement.model import Criterion, Exclusion, KeptExclusion, Rule, RulePolicy

Short = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
EXCLUSIONS_PAGE_MAX = 1_000
Count = Annotated[int, Field(gt=0, lt=2**31)]


class EventName(OperatorBody):
    source: Short
    id: Short


class ExclusionBody(OperatorBody):
    """Exactly one of the first four, or none and a day, which takes out the whole day."""

    event: EventName | None = None
    visitor: Short | None = None
    address: Short | None = None
    job_id: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    day: date | None = None
    note: Short


class NetworksBody(OperatorBody):
    networks: Annotated[list[Short], Field(max_length=100_000)]


class RuleBody(OperatorBody):
    is_on: bool
    jobs_max: Count | None = None
    window_minutes: Count | None = None


class CreditBody(OperatorBody):
    """The same ``reference`` credits once, however often it is sent."""

    amount: Short
    reference: Short


@with_operator_key
async def create_exclusion(request: Request, state: State) -> Response:
    exclusion = read_exclusion(await read_operator_body(request, ExclusionBody))
    now = await state.clock.read()
    async with state.database.transaction() as connection:
        if exclusion.criterion is Criterion.JOB and not await is_job(connection, exclusion.subject):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=exclusion.subject)
        number, is_new = await policy.exclude(connection, exclusion, now=now)
    drawn = {"id": number, "criterion": exclusion.criterion.name, "wasRepeated": not is_new}
    return json_response(drawn, status=201 if is_new else 200)


async def is_job(connection: Connection, job_id: int) -> bool:
    return await pages.read_apply_target(connection, job_id=job_id) is not None


@with_operator_key
async def list_exclusions(request: Request, state: State) -> Response:
    """What is excluded by hand, oldest first; ``?after=`` continues. Visitors and networks are told by hash."""
    after = read_query_number(request, "after", 0, largest=2**63 - 1)
    async with state.database.connection() as connection:
        found = await policy.list_exclusions(connection, after=after, rows_max=EXCLUSIONS_PAGE_MAX)
    next_after = found[-1].id if len(found) == EXCLUSIONS_PAGE_MAX else None
    return json_response({"elements": [serialize_exclusion(kept) for kept in found], "nextAfter": next_after})


@with_operator_key
async def remove_exclusion(request: Request, state: State) -> Response:
    """Days that are judged already stay as they are."""
    number = request.path_params["exclusion_id"]
    async with state.database.transaction() as connection:
        if number >= 2**63 or not await policy.remove_exclusion(connection, exclusion_id=number):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="exclusion", key=number)
    return Response(status_code=204)


def serialize_exclusion(kept: KeptExclusion) -> dict[str, Any]:
    exclusion = kept.exclusion
    is_job = exclusion.criterion is Criterion.JOB
    named = exclusion.origin.hex() or (f"{exclusion.subject:016x}" if exclusion.subject else None)
    return {
        "id": kept.id,
        "criterion": exclusion.criterion.name,
        "jobId": exclusion.subject if is_job else None,
        "hash": None if is_job else named,
        "day": None if exclusion.day is None else exclusion.day.isoformat(),
        "note": exclusion.note,
        "createdAt": kept.created_at.isoformat(),
    }


def read_exclusion(body: ExclusionBody) -> Exclusion:
    """Raises ``Refused(OPERATOR_INPUT)`` where not exactly one criterion is given, or one that names nothing."""
    given = [name for name in ("event", "visitor", "address", "job_id") if getattr(body, name) is not None]
    if len(given) > 1 or (not given and body.day is None):
        raise Refused(
            Fault.OPERATOR_INPUT, field="body", why="name one of event, visitor, address, jobId or day"
        )
    criterion, subject, origin = Criterion.DAY, 0, b""
    if body.event is not None:
        criterion = Criterion.EVENT
        origin = identity.find_origin(source=body.event.source, event_id=body.event.id) or b""
    elif body.visitor is not None:
        criterion, subject = Criterion.VISITOR, identity.find_visitor(body.visitor)
    elif body.address is not None:
        criterion, subject = Criterion.ADDRESS, identity.find_address(body.address)
    elif body.job_id is not None:
        criterion, subject = Criterion.JOB, body.job_id
    if criterion is not Criterion.DAY and not subject and not origin:
        raise Refused(Fault.OPERATOR_INPUT, field=given[0], why="names nothing that is kept")
    return Exclusion(criterion, subject, origin, body.day, body.note)


@with_operator_key
async def put_networks(request: Request, state: State) -> Response:
    body = await read_operator_body(request, NetworksBody)
    now = await state.clock.read()
    async with state.database.transaction() as connection:
        added, too_narrow = await policy.set_networks(
            connection, list_name=request.path_params["name"], networks=body.networks, now=now
        )
    return json_response({"added": added, "tooNarrow": too_narrow})


@with_operator_key
async def list_rules(_: Request, state: State) -> Response:
    async with state.database.connection() as connection:
        policies = await policy.read_policies(connection)
    return json_response({"elements": [serialize_policy(kept) for kept in policies]})


@with_operator_key
async def put_rule(request: Request, state: State) -> Response:
    body = await read_operator_body(request, RuleBody)
    name = request.path_params["name"]
    if name not in Rule.__members__:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="rule", key=name)
    rule = Rule[name]
    changed = RulePolicy(
        rule, body.is_on, body.jobs_max or rule.jobs_max, body.window_minutes or rule.window_minutes
    )
    async with state.database.transaction() as connection:
        await policy.set_policy(connection, changed)
    return json_response(serialize_policy(changed))


def serialize_policy(kept: RulePolicy) -> dict[str, Any]:
    return {
        "rule": kept.rule.name,
        "says": kept.rule.says,
        "isOn": kept.is_on,
        "jobsMax": kept.jobs_max,
        "windowMinutes": kept.window_minutes,
    }


@with_operator_key
async def create_credit(request: Request, state: State) -> Response:
    body = await read_operator_body(request, CreditBody)
    charge: UUID = request.path_params["reference"]
    now = await state.clock.read()
    async with state.database.transaction() as connection:
        found = await explain.explain_charge(connection, reference=charge)
        is_new = await corrections.credit_charge(
            connection,
            charge=charge,
            amount_micros=parse_positive_amount(body.amount, found.job.currency).amount_micros,
            reference=body.reference,
            now=now,
        )
    return json_response({"charge": str(charge), "wasRepeated": not is_new}, status=201 if is_new else 200)
