"""Owns the operator's acts on settlement: set a rule, exclude clicks, replace a list of networks. Each leaves its record.

Does not own their effect (``click_rules``, ``days``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobmeter.audit.flow import Recorder
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.jobs.pages import flow as pages
from jobmeter.metering.intake.model import show_network
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.model import Criterion, Exclusion, KeptExclusion, Rule, RulePolicy

IDS_MAX = 2**62


def find_rule(name: str) -> Rule:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    if name not in Rule.__members__:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="rule", key=name[:100])
    return Rule[name]


async def set_rule(connection: Connection, changed: RulePolicy, *, record: Recorder) -> None:
    """Applies to every day that is judged later."""
    policies = {one.rule: one for one in await click_rules.read_policies(connection)}
    await click_rules.set_policy(connection, changed)
    await record(
        connection,
        Action.SETTLEMENT_RULE_SET,
        changed.rule.name,
        partner_id=None,
        before=serialize_policy(policies[changed.rule]),
        after=serialize_policy(changed),
    )


async def exclude(
    connection: Connection, exclusion: Exclusion, *, record: Recorder, now: datetime
) -> tuple[int, bool]:
    """Returns the number of the exclusion, and whether it is new.

    Raises ``Refused``: OPERATOR_UNKNOWN for a job that does not exist, OPERATOR_INPUT for a day that is settled.
    """
    job_id = exclusion.subject if exclusion.criterion is Criterion.JOB else None
    if job_id is not None and await pages.read_apply_target(connection, job_id=job_id) is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="job", key=job_id)
    number, is_new = await click_rules.exclude(connection, exclusion, now=now)
    if is_new:
        after = serialize_exclusion(KeptExclusion(number, exclusion, now))
        await record(connection, Action.EXCLUSION_CREATE, number, partner_id=None, after=after)
    return number, is_new


async def remove_exclusion(connection: Connection, *, exclusion_id: int, record: Recorder) -> None:
    """Days that are settled already do not change. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    number = min(exclusion_id, IDS_MAX)
    known = await click_rules.list_exclusions(connection, after=number - 1, rows_max=1)
    if not await click_rules.remove_exclusion(connection, exclusion_id=number):
        raise Refused(Fault.OPERATOR_UNKNOWN, what="exclusion", key=exclusion_id)
    before = serialize_exclusion(known[0])
    await record(connection, Action.EXCLUSION_REMOVE, exclusion_id, partner_id=None, before=before)


async def replace_networks(
    connection: Connection, *, list_name: str, networks: Sequence[str], record: Recorder, now: datetime
) -> tuple[int, int]:
    """Returns how many networks were added, and how many were too narrow to use. Raises ``Refused(OPERATOR_INPUT)``."""
    kept = {one.list_name: one.networks for one in await click_rules.list_network_lists(connection)}
    added, too_narrow = await click_rules.set_networks(
        connection, list_name=list_name, networks=networks, now=now
    )
    await record(
        connection,
        Action.NETWORK_LIST_REPLACE,
        list_name,
        partner_id=None,
        before={"count": kept.get(list_name, 0)},
        after={"count": added, "networks": list(networks)},
    )
    return added, too_narrow


def serialize_policy(kept: RulePolicy) -> dict[str, Any]:
    return {
        "rule": kept.rule.name,
        "says": kept.rule.message,
        "isOn": kept.is_on,
        "jobsMax": kept.jobs_max,
        "windowMinutes": kept.window_minutes,
    }


def serialize_exclusion(kept: KeptExclusion) -> dict[str, Any]:
    """A visitor's or event's identifier is not kept, only a number made from it."""
    exclusion = kept.exclusion
    is_job = exclusion.criterion is Criterion.JOB
    named = exclusion.origin.hex() or (f"{exclusion.subject:016x}" if exclusion.subject else None)
    is_network = exclusion.criterion is Criterion.ADDRESS
    return {
        "id": kept.id,
        "criterion": exclusion.criterion.name,
        "jobId": exclusion.subject if is_job else None,
        "number": None if is_job else named,
        "network": show_network(exclusion.subject) if is_network else None,
        "hash": None if is_job else named,
        "day": None if exclusion.day is None else exclusion.day.isoformat(),
        "note": exclusion.note,
        "createdAt": kept.created_at.isoformat(),
    }
