"""Owns the verb of settlement: the next step of the earliest day that is due."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from jobmeter.base.days import FINAL_AFTER_DAYS, final_at
from jobmeter.charging.charge.flow import move_days_until
from jobmeter.charging.corrections import flow as charging
from jobmeter.database.connection import Connection
from jobmeter.metering.retention import flow as metering
from jobmeter.settlement import store as settlement_store
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.click_rules import store as rules
from jobmeter.settlement.click_rules.flow import read_policies
from jobmeter.settlement.days import store
from jobmeter.settlement.model import (
    ChangedJob,
    DayCharge,
    Rule,
    RuleEffect,
    RulePolicy,
    SettlementDay,
)

JOBS_PER_STEP_MAX = 2_000

Mark = Callable[[Connection, date, RulePolicy], Awaitable[int]]

# The table of rules, in the order of their numbers: the statement that marks each rule's clicks.
MARKS: dict[Rule, Mark] = {
    Rule.SAME_EVENT: lambda connection, _, policy: rules.mark_same_events(connection, rule=policy.rule),
    Rule.EXCLUDED: lambda connection, day, policy: click_rules.mark_excluded(
        connection, day=day, rule=policy.rule
    ),
    Rule.DATA_CENTRE: lambda connection, day, policy: click_rules.mark_data_centres(
        connection, day=day, rule=policy.rule
    ),
    Rule.REPEATED_CLICK: lambda connection, _, policy: rules.mark_repeated_clicks(
        connection, rule=policy.rule
    ),
    Rule.VISITOR_BURST: lambda connection, _, policy: rules.mark_bursts(connection, policy),
    Rule.ADDRESS_BURST: lambda connection, _, policy: rules.mark_bursts(connection, policy),
    Rule.NO_VIEW: lambda connection, day, policy: click_rules.mark_clicks_without_view(
        connection, day=day, rule=policy.rule
    ),
}


async def settle_next(
    connection: Connection,
    *,
    final_after_days: int,
    now: datetime,
    jobs_per_step_max: int = JOBS_PER_STEP_MAX,
    is_patient: bool = False,
    by_shard: bool = False,
) -> bool:
    """Executes the next step of settlement in the caller's transaction; returns whether there was one.

    What is left of a day in budgets is moved in one step, the day closed and judged in the next, then jobs with
    reversals are processed in batches, then the day is final. An interrupted step has no effect; a repeated one
    changes nothing more. Two processes never settle at the same time: the second has nothing to do, or waits if it
    ``is_patient``. With ``by_shard`` a step is of jobs of one shard. A day is never settled while its events are still accepted, whatever the setting.
    """
    if is_patient:
        await settlement_store.wait_for_settlement(connection)
    elif not await store.lock_settlement(connection):
        return False
    day = await store.first_open_day(connection)
    if day is None or final_at(day, final_after_days=max(final_after_days, FINAL_AFTER_DAYS)) > now:
        return False
    if not await settlement_store.is_judged(connection, day=day):
        # By itself, because the jobs of a reversal are locked in order too, and these two orders are not one.
        if await move_days_until(connection, day=day):
            return True
        await _judge(connection, day, now)
    await charging.open_reversal(connection)
    shard = await store.find_next_shard(connection, day=day) if by_shard else None
    if await store.claim_jobs(connection, shard=shard, day=day, jobs_max=jobs_per_step_max) == 0:
        await store.insert_settled_day(connection, day=day, settled_at=now)
        return True
    # Not earlier than the steps before it, even if this process's clock is behind theirs (law 8).
    stepped_at = await store.touch_run(connection, day=day, touched_at=now)
    await charging.reverse_requested(connection, shard=shard, day=day, now=stepped_at)
    return True


async def _judge(connection: Connection, day: date, now: datetime) -> None:
    """Decides which clicks of the day are reversed. No event can still arrive, so the decision is final."""
    await metering.close_event_day(connection, day=day)
    # From here on the day is read, and lowered, in the roll-up alone. Only a process whose clock is days behind can
    # have counted some of it in a budget since the last step.
    await move_days_until(connection, day=day)
    await rules.allow_memory(connection)
    clicks, recorded = await rules.gather_clicks(connection, day=day), 0
    marked: dict[Rule, int] = {}
    if clicks > 0:
        await rules.analyze_clicks(connection)
        marked = await mark_clicks(connection, await read_policies(connection), day=day)
    if marked:
        # Analyzed again: the planner still assumes that every click is unmarked.
        await rules.analyze_marks(connection)
        await rules.gather_touched(connection, day=day)
        await rules.analyze_touched(connection)
        recorded = await rules.record_reversals(connection)
        await store.schedule_jobs(connection, day=day)
    assert recorded == sum(marked.values()), "each marked click is reversed once"
    by_rule = {str(int(rule)): count for rule, count in marked.items()}
    await store.insert_run(
        connection,
        day=day,
        judged_at=now,
        clicks=clicks,
        clicks_reversed=recorded,
        reversed_by_rule=msgspec.json.encode(by_rule).decode(),
    )


async def mark_clicks(
    connection: Connection, policies: Sequence[RulePolicy], *, day: date
) -> dict[Rule, int]:
    """Marks the gathered clicks of a day by the rules that are on, in order; returns how many each one marked, if any."""
    marked = {
        policy.rule: await MARKS[policy.rule](connection, day, policy) for policy in policies if policy.is_on
    }
    return {rule: count for rule, count in marked.items() if count}


async def delete_reversal_marks(connection: Connection, *, day: date) -> None:
    """Deletes the marks of a day's reversed clicks together with its events. Postings and restatements stay."""
    await rules.delete_reversal_marks(connection, day=day)


async def read_settled_through(connection: Connection) -> date | None:
    """Returns the last day up to which every day is final."""
    return await store.read_settled_through(connection)


async def is_settled_through(connection: Connection, *, day: date) -> bool:
    """Returns whether every day until ``day`` is final, this one included."""
    return not await store.has_open_day(connection, until=day)


async def list_days(
    connection: Connection, *, after: date, until: date, rows_max: int
) -> list[SettlementDay]:
    """Returns the days with events after a day, in order, each with what settlement did."""
    found = await store.list_days(connection, after=after, until=until, rows_max=rows_max)
    return await _add_charges(connection, found)


async def list_days_before(connection: Connection, *, before: date, rows_max: int) -> list[SettlementDay]:
    """As ``list_days``, the newest first: the days before a day."""
    found = await store.list_days_before(connection, before=before, rows_max=rows_max)
    return await _add_charges(connection, found)


async def find_day(connection: Connection, *, day: date) -> SettlementDay | None:
    """Returns a day, if any event was accepted on it or it is prepared for some."""
    found = await _add_charges(connection, await store.list_single_day(connection, day=day))
    return found[0] if found else None


async def list_effects(connection: Connection, *, day: date) -> list[RuleEffect]:
    """Returns what each rule reversed on a day, by currency; nothing once its events are dropped."""
    return await store.list_effects(connection, day=day)


async def list_changed_jobs(
    connection: Connection, *, day: date, is_late: bool, rows_max: int
) -> list[ChangedJob]:
    """Returns the jobs that late events changed most on a day, or those that settlement did, until its events are dropped."""
    read = store.list_late_jobs if is_late else store.list_reversed_jobs
    return await read(connection, day=day, rows_max=rows_max)


async def _add_charges(connection: Connection, days: Sequence[SettlementDay]) -> list[SettlementDay]:
    copied = [one.day for one in days if one.is_copied]
    charges: dict[date, list[DayCharge]] = defaultdict(list)
    for charge in await store.list_day_charges(connection, days=copied):
        charges[charge.day].append(charge)
    return [replace(one, charges=tuple(charges[one.day])) if one.is_copied else one for one in days]
