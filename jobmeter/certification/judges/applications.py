"""Owns the judges of customers: their applications, companies and contracts. Pure."""

from collections import defaultdict
from typing import Any

from jobmeter.certification.judges.verdicts import missing, shown, wrong
from jobmeter.certification.model import Finding
from jobmeter.certification.trace import CREATE, Call, Kind, Operation, Trace, list_of

CUSTOMERS_MIN = 2
CONFLICT = 409
CONTRACT = "partnerContractId"
URN = "urn:li:contract:"


def assess_customers(trace: Trace) -> Finding:
    """JD-001."""
    created = trace.jobs(CREATE)
    mistake = _find_company_mistake(created)
    if mistake is not None:
        return mistake
    posting = {one.client for one in created}
    onboarded = [call for client, call in trace.children.items() if client in posting]
    if len(onboarded) < CUSTOMERS_MIN:
        return missing("Show two customers: each with its own application, and a job that names its company.")
    if not trace.succeeded(Kind.FIND):
        return missing("No existing application was looked up: onboard a customer for the second time.")
    return shown(
        "Each customer has one application, whose jobs name its company.",
        [*onboarded, *trace.succeeded(Kind.FIND)[:2], *created[:2]],
    )


def _find_company_mistake(created: list[Operation]) -> Finding | None:
    nameless = [one for one in created if not one.company]
    if nameless:
        return wrong(
            "A job names its company by a text alone: send its URN or the address of its page.", nameless
        )
    shared = _find_shared_companies(created)
    if shared:
        return wrong("One company has jobs of two applications: a customer needs exactly one.", shared)
    return None


def _find_shared_companies(created: list[Operation]) -> list[Operation]:
    clients: dict[str, dict[str, Operation]] = defaultdict(dict)
    for one in created:
        if one.company:
            clients[one.company].setdefault(one.client, one)
    return [one for found in clients.values() if len(found) > 1 for one in found.values()]


def assess_one_application(trace: Trace) -> Finding:
    """JP-B-01."""
    shared = _find_shared_companies(trace.jobs(CREATE))
    if shared:
        return wrong("One customer's jobs are posted by two applications.", shared)
    users = [one for one in trace.jobs(CREATE) if one.client in trace.children]
    if not trace.children:
        return missing("No customer's application was created.")
    if not users:
        return missing("No job was posted by the application that was created.")
    return shown(
        "A customer's application was created once, and posted its jobs.", [*trace.children.values(), *users]
    )


def assess_existing(trace: Trace) -> Finding:
    """JP-B-02."""
    conflicts = [call for call in trace.of(Kind.NEW) if call.record.status == CONFLICT]
    looked_up = trace.succeeded(Kind.FIND)
    for call in conflicts:
        wanted = _foreign_id(call)
        if not any(wanted in one.query for one in looked_up):
            return wrong("A conflict was not followed by looking the existing application up.", [call])
    hits = [call for call in looked_up if list_of(call.returned, "elements")]
    if hits:
        return shown("An existing application was found instead of created again.", [*conflicts, *hits])
    return missing("No existing application was looked up: onboard a customer for the second time.")


def _foreign_id(call: Call) -> str:
    return str(call.sent.get("uniqueForeignId", "")) if isinstance(call.sent, dict) else ""


def assess_company_ids(trace: Trace) -> Finding:
    """JP-B-03."""
    created = trace.jobs(CREATE)
    nameless = [one for one in created if not one.company]
    if nameless:
        return wrong("A job has no company id or page.", nameless)
    if not created:
        return missing("No job was posted.")
    return shown("Every job has the id or the page of its company.", created)


def assess_several_companies(trace: Trace) -> Finding:
    """X-21."""
    companies: dict[str, dict[str, Operation]] = defaultdict(dict)
    for one in trace.jobs(CREATE):
        if one.company:
            companies[one.client].setdefault(one.company, one)
    several = [list(found.values()) for found in companies.values() if len(found) > 1]
    if several:
        return shown("One customer posted for two companies.", several[0])
    return missing("No customer posted for a second company.")


def assess_setup(trace: Trace) -> Finding:
    """X-01."""
    proof: list[Any] = []
    attempts = [one for one in trace.operations if one.verb == CREATE and one.is_paid_by_click]
    for client, made in trace.children.items():
        first = next((one for one in attempts if one.client == client), None)
        set_up = trace.setups.get(client, [])
        if first is None:
            continue
        if not set_up or trace.is_before(first.number, set_up[0].number):
            return wrong("A job was posted before the customer's contract was set up.", [made, first])
        proof += [made, set_up[0], first]
    if proof:
        return shown("Application, contract, job: in this order.", proof)
    return missing("No new customer posted a job that is paid by the click.")


def assess_named_contract(trace: Trace) -> Finding:
    """X-02."""
    named = [
        call
        for call in trace.succeeded(Kind.SETUP)
        if isinstance(call.sent, dict) and call.sent.get(CONTRACT)
    ]
    refused = [
        call
        for call in trace.of(Kind.SETUP)
        if not call.is_success and not (isinstance(call.sent, dict) and call.sent.get(CONTRACT))
    ]
    unresolved = [call for call in refused if call.client not in trace.setups]
    if unresolved:
        return wrong(
            "A contract was set up without naming one of several, and the refusal was not resolved.",
            unresolved,
        )
    if named:
        return shown("The set-up names the partner's contract.", [*refused, *named])
    return missing("No set-up names a partner contract, which is necessary if the partner has several.")


def assess_used_contract(trace: Trace) -> Finding:
    """X-03."""
    denied = [one for one in trace.operations if one.status == 403]
    if denied:
        return wrong("A job names a contract that the application may not use.", denied)
    fitting: list[Any] = []
    for one in trace.jobs(CREATE):
        contract = str(one.element.get("contract", ""))
        set_up = trace.setups.get(one.client, [])
        if not (one.is_paid_by_click and contract and set_up):
            continue
        known = {_answered(call) for call in set_up} | _partner_contracts(trace)
        if contract not in known:
            return wrong(f"A job uses {contract}, which no set-up returned.", [one, *set_up])
        fitting += [set_up[-1], one]
    if fitting:
        return shown("Jobs use the contract that the set-up returned, or the partner's own.", fitting)
    return missing("No job used a contract that was set up in these requests.")


def _answered(call: Call) -> str:
    value = call.returned.get("value") if isinstance(call.returned, dict) else None
    return str(value.get("contract", "")) if isinstance(value, dict) else ""


def _partner_contracts(trace: Trace) -> set[str]:
    asked = {call.parameter(CONTRACT) for call in trace.succeeded(Kind.BUDGET)}
    sent = {
        str(call.sent[CONTRACT])
        for call in trace.succeeded(Kind.SETUP)
        if isinstance(call.sent, dict) and call.sent.get(CONTRACT)
    }
    return {f"{URN}{one}" for one in asked | sent if one}
