"""``/operator/settlement...``: manual exclusions, network lists, limits of the rules, credits for final charges."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.base.money import format_amount, parse_positive_amount
from jobmeter.billing.credit_notes import flow as credit_notes
from jobmeter.charging.corrections import flow as corrections
from jobmeter.contracts.partner import flow as contracts
from jobmeter.explain import flow as explain
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_query_number
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import Day, OperatorBody
from jobmeter.metering.intake import model as identity
from jobmeter.settlement.acts import flow as acts
from jobmeter.settlement.click_rules import flow as policy
from jobmeter.settlement.model import (
    RULES,
    Criterion,
    Exclusion,
    RuleEffect,
    RulePolicy,
)
from jobmeter.settlement.trials import flow as trials

Short = Annotated[
    str, StringConstraints(min_length=1, max_length=EVENT_TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")
]
COUNT_MAX = 2**31 - 1
Count = Annotated[int, Field(gt=0, le=COUNT_MAX)]


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
        number, is_new = await acts.exclude(connection, exclusion, record=context.record, now=context.now)
    shown = {"id": number, "criterion": exclusion.criterion.name, "wasRepeated": not is_new}
    return json_response(shown, status=201 if is_new else 200)


async def list_exclusions(context: RequestContext) -> Response:
    """Manual exclusions, oldest first. A visitor's or event's identifier is not kept, only a number made from it."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await policy.list_exclusions(connection, after=page.after, rows_max=page.rows_max + 1)
    return page_response(found, page, serialize=acts.serialize_exclusion, key=lambda one: one.id)


async def remove_exclusion(context: RequestContext) -> Response:
    """Days that are settled already do not change."""
    number = context.request.path_params["exclusion_id"]
    async with context.app.database.transaction() as connection:
        await acts.remove_exclusion(connection, exclusion_id=number, record=context.record)
    return Response(status_code=204)


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
    async with context.app.database.transaction() as connection:
        added, too_narrow = await acts.replace_networks(
            connection,
            list_name=context.request.path_params["name"],
            networks=body.networks,
            record=context.record,
            now=context.now,
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
    return json_response({"elements": [acts.serialize_policy(kept) for kept in policies]})


async def put_rule(context: RequestContext, body: RuleBody) -> Response:
    rule = acts.find_rule(context.request.path_params["name"])
    changed = RulePolicy(
        rule, body.is_on, body.jobs_max or rule.jobs_max, body.window_minutes or rule.window_minutes
    )
    async with context.app.database.transaction() as connection:
        await acts.set_rule(connection, changed, record=context.record)
    return json_response(acts.serialize_policy(changed))


async def try_rule(context: RequestContext) -> Response:
    """What the rule would have reversed with another setting, on each of the last ``days`` days (at most 7).

    The days are judged twice, with all rules as they are and with ``isOn``, ``jobsMax`` and ``windowMinutes``; nothing is changed.
    """
    request, rule = context.request, acts.find_rule(context.request.path_params["name"])
    days = read_query_number(request, "days", trials.DAYS_MAX, largest=trials.DAYS_MAX)
    async with context.app.database.transaction() as connection:
        policies = {one.rule: one for one in await policy.read_policies(connection)}
        changed = read_changed_policy(request, policies[rule])
        found = await trials.try_policy(connection, changed, now=context.now, days=days)
    elements = [
        {
            "day": one.day.isoformat(),
            "clicks": one.clicks,
            "before": [serialize_effect(effect) for effect in one.before],
            "after": [serialize_effect(effect) for effect in one.after],
        }
        for one in found.days
    ]
    settings = {"before": acts.serialize_policy(found.before), "after": acts.serialize_policy(found.after)}
    return json_response(settings | {"elements": elements})


def read_changed_policy(request: Request, kept: RulePolicy) -> RulePolicy:
    """Returns the setting of the query; what it does not name stays. Raises ``Refused(PARAMETER_INVALID)``."""
    is_on = request.query_params.get("isOn", str(kept.is_on).lower())
    jobs_max = read_query_number(request, "jobsMax", kept.jobs_max, largest=COUNT_MAX)
    window = read_query_number(request, "windowMinutes", kept.window_minutes, largest=COUNT_MAX)
    for name, is_right in (
        ("isOn", is_on in {"true", "false"}),
        ("jobsMax", jobs_max > 0),
        ("windowMinutes", window > 0),
    ):
        if not is_right:
            raise Refused(Fault.PARAMETER_INVALID, name=name)
    return RulePolicy(kept.rule, is_on == "true", jobs_max, window)


def serialize_effect(effect: RuleEffect) -> dict[str, Any]:
    return {
        "rule": RULES[effect.rule].name,
        "clicks": effect.clicks,
        "clicksCharged": effect.clicks_charged,
        "amount": format_amount(effect.amount_micros, effect.currency) if effect.currency else None,
        "currencyCode": effect.currency or None,
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
