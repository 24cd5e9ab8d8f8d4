"""``/operator/settlement...``: manual exclusions, network lists, limits of the rules, credits for final charges."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.base.money import parse_positive_amount
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import IDS_MAX, read_page
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.http.schemas import Day, OperatorBody
from jobmeter.jobs.pages import flow as pages
from jobmeter.metering.intake import model as identity
from jobmeter.settlement.click_rules import flow as policy
from jobmeter.settlement.model import Criterion, Exclusion, KeptExclusion, Rule, RulePolicy

Short = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
Count = Annotated[int, Field(gt=0, lt=2**31)]


class EventName(OperatorBody):
    source: Short
    id: Short


class ExclusionBody(OperatorBody):
    """Exactly one of the first four fields; or only ``day``, which excludes the whole day."""

    event: EventName | None = None
    visitor: Short | None = None
    address: Short | None = None
    job_id: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    day: Day | None = None
    note: Short


class NetworksBody(OperatorBody):
    networks: Annotated[list[Short], Field(max_length=100_000)]


class RuleBody(OperatorBody):
    is_on: bool
    jobs_max: Count | None = None
    window_minutes: Count | None = None


class CreditBody(OperatorBody):
    """Repeats with the same ``reference`` have no further effect."""

    amount: Short
    reference: Short


async def create_exclusion(context: RequestContext, body: ExclusionBody) -> Response:
    exclusion = read_exclusion(body)
    async with context.app.database.transaction() as connection:
        if exclusion.criterion is Criterion.JOB and not await is_job(connection, exclusion.subject):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=exclusion.subject)
        number, is_new = await policy.exclude(connection, exclusion, now=context.now)
        if is_new:
            shown = serialize_exclusion(KeptExclusion(number, exclusion, context.now))
            await context.record(connection, Action.EXCLUSION_CREATE, number, partner_id=None, after=shown)
    shown = {"id": number, "criterion": exclusion.criterion.name, "wasRepeated": not is_new}
    return json_response(shown, status=201 if is_new else 200)


async def is_job(connection: Connection, job_id: int) -> bool:
    return await pages.read_apply_target(connection, job_id=job_id) is not None


async def list_exclusions(context: RequestContext) -> Response:
    """Manual exclusions, oldest first. A visitor's or event's identifier is not kept, only a number made from it."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await policy.list_exclusions(connection, after=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=serialize_exclusion, key=lambda one: one.id)


async def remove_exclusion(context: RequestContext) -> Response:
    """Days that are settled already do not change."""
    number = context.request.path_params["exclusion_id"]
    async with context.app.database.transaction() as connection:
        known = await policy.list_exclusions(connection, after=min(number, IDS_MAX) - 1, rows_max=1)
        if not await policy.remove_exclusion(connection, exclusion_id=min(number, IDS_MAX)):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="exclusion", key=number)
        before = serialize_exclusion(known[0])
        await context.record(connection, Action.EXCLUSION_REMOVE, number, partner_id=None, before=before)
    return Response(status_code=204)


def serialize_exclusion(kept: KeptExclusion) -> dict[str, Any]:
    exclusion = kept.exclusion
    is_job = exclusion.criterion is Criterion.JOB
    named = exclusion.origin.hex() or (f"{exclusion.subject:016x}" if exclusion.subject else None)
    return {
        "id": kept.id,
        "criterion": exclusion.criterion.name,
        "jobId": exclusion.subject if is_job else None,
        "number": None if is_job else named,
        "network": identity.show_network(exclusion.subject)
        if exclusion.criterion is Criterion.ADDRESS
        else None,
        "hash": None if is_job else named,
        "day": format_time(exclusion.day),
        "note": exclusion.note,
        "createdAt": kept.created_at.isoformat(),
    }


def read_exclusion(body: ExclusionBody) -> Exclusion:
    """Raises ``Refused(OPERATOR_INPUT)`` unless exactly one criterion is given and it can match events."""
    given = [name for name in ("event", "visitor", "address", "job_id") if getattr(body, name) is not None]
    if len(given) > 1 or (not given and body.day is None):
        raise Refused(
            Fault.OPERATOR_INPUT,
            field="body",
            why="give exactly one of event, visitor, address, jobId or day",
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
        raise Refused(Fault.OPERATOR_INPUT, field=given[0], why="cannot match any event")
    return Exclusion(criterion, subject, origin, body.day, body.note)


async def put_networks(context: RequestContext, body: NetworksBody) -> Response:
    name = context.request.path_params["name"]
    async with context.app.database.transaction() as connection:
        kept = {one.list_name: one.networks for one in await policy.list_network_lists(connection)}
        added, too_narrow = await policy.set_networks(
            connection, list_name=name, networks=body.networks, now=context.now
        )
        await context.record(
            connection,
            Action.NETWORK_LIST_REPLACE,
            name,
            partner_id=None,
            before={"count": kept.get(name, 0)},
            after={"count": added, "networks": body.networks},
        )
    return json_response({"added": added, "tooNarrow": too_narrow})


async def list_network_lists(context: RequestContext) -> Response:
    """The names of the lists of networks, and how many networks each has; the networks themselves are not listed."""
    async with context.app.database.connection() as connection:
        found = await policy.list_network_lists(connection)
    elements = [
        {"name": one.list_name, "networks": one.networks, "addedAt": one.added_at.isoformat()}
        for one in found
    ]
    return json_response({"elements": elements})


async def list_rules(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        policies = await policy.read_policies(connection)
    return json_response({"elements": [serialize_policy(kept) for kept in policies]})


async def put_rule(context: RequestContext, body: RuleBody) -> Response:
    name = context.request.path_params["name"]
    if name not in Rule.__members__:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="rule", key=name)
    rule = Rule[name]
    changed = RulePolicy(
        rule, body.is_on, body.jobs_max or rule.jobs_max, body.window_minutes or rule.window_minutes
    )
    async with context.app.database.transaction() as connection:
        policies = {one.rule: one for one in await policy.read_policies(connection)}
        await policy.set_policy(connection, changed)
        await context.record(
            connection,
            Action.SETTLEMENT_RULE_SET,
            name,
            partner_id=None,
            before=serialize_policy(policies[rule]),
            after=serialize_policy(changed),
        )
    return json_response(serialize_policy(changed))


def serialize_policy(kept: RulePolicy) -> dict[str, Any]:
    return {
        "rule": kept.rule.name,
        "says": kept.rule.message,
        "isOn": kept.is_on,
        "jobsMax": kept.jobs_max,
        "windowMinutes": kept.window_minutes,
    }


async def create_credit(context: RequestContext, body: CreditBody) -> Response:
    charge: UUID = context.request.path_params["reference"]
    async with context.app.database.transaction() as connection:
        found = await explain.explain_charge(connection, reference=charge)
        billed = await credit_notes.lock_billed_charge(connection, charge=charge)
        is_new = await corrections.credit_charge(
            connection,
            charge=charge,
            amount_micros=parse_positive_amount(body.amount, found.job.currency).amount_micros,
            reference=body.reference,
            now=context.now,
        )
        if billed is not None:
            await credit_notes.check_not_exceeded(connection, billed)
        if is_new:
            contract = await contracts.find_partner_contract(
                connection, contract_id=found.job.partner_contract_id
            )
            await context.record(
                connection,
                Action.CHARGE_CREDIT,
                charge,
                partner_id=None if contract is None else contract.partner_id,
                after={"job": found.job.job_id, "currencyCode": found.job.currency} | body.model_dump(),
            )
    return json_response({"charge": str(charge), "wasRepeated": not is_new}, status=201 if is_new else 200)
