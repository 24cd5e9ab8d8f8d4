"""Owns the verb of trials: what a rule with another setting would have reversed on the days of the last week.

Does not own the rules or their order (``click_rules``, ``days``).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.settlement.click_rules import store as rules
from jobmeter.settlement.click_rules.flow import read_policies
from jobmeter.settlement.days.flow import mark_clicks
from jobmeter.settlement.model import RuleEffect, RulePolicy
from jobmeter.settlement.trials import store
from jobmeter.settlement.trials.model import Trial, TrialDay

DAYS_MAX = 7


async def try_policy(
    connection: Connection, changed: RulePolicy, *, now: datetime, days: int = DAYS_MAX
) -> Trial:
    """Judges the last ``days`` days, final or not, by the rules as they are and with ``changed`` among them.

    Writes into temporary tables alone, so it needs a transaction. Today's exclusions and networks are applied to both.
    Raises ``Refused(OVERLOADED)`` while another trial runs.
    """
    if not await store.lock_trials(connection):
        raise Refused(Fault.OVERLOADED)
    today = day_of(now)
    policies = await read_policies(connection)
    await rules.allow_memory(connection)
    found = await store.list_trial_days(connection, first=today - timedelta(days=days), before=today)
    tried = [await _try_day(connection, policies, changed, day=day) for day in found]
    (before,) = (policy for policy in policies if policy.rule is changed.rule)
    return Trial(before=before, after=changed, days=tuple(tried))


async def _try_day(
    connection: Connection, policies: Sequence[RulePolicy], changed: RulePolicy, *, day: date
) -> TrialDay:
    """What the rules before the changed one mark is the same in both cases: their marks stay."""
    clicks = await rules.gather_clicks(connection, day=day)
    await rules.analyze_clicks(connection)
    await mark_clicks(connection, policies, day=day)
    before = await _sum_marks(connection, day)
    await rules.unmark_from(connection, rule=changed.rule)
    later = [changed, *(policy for policy in policies if policy.rule > changed.rule)]
    await mark_clicks(connection, later, day=day)
    after = await _sum_marks(connection, day)
    await store.drop_gathered(connection)
    return TrialDay(day=day, clicks=clicks, before=before, after=after)


async def _sum_marks(connection: Connection, day: date) -> tuple[RuleEffect, ...]:
    await rules.analyze_marks(connection)
    await rules.gather_touched(connection, day=day)
    await rules.analyze_touched(connection)
    found = await rules.sum_marks(connection)
    await rules.drop_touched(connection)
    return tuple(found)
