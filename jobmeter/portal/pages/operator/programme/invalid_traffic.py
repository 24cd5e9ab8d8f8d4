"""``/portal/operator/invalid-traffic``: the rules of settlement and the filters of intake, with what each reversed or refused.

A rule is tried on last week before its setting is saved.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from starlette.responses import Response

from jobmeter.base.days import day_of
from jobmeter.metering.filters import flow as filters
from jobmeter.metering.model import NOT_STORED, Verdict
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.operator.programme.fields import Fields
from jobmeter.settlement.acts import flow as acts
from jobmeter.settlement.click_rules import flow as click_rules
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import RULES, Rule, RuleEffect, RulePolicy, SettlementDay
from jobmeter.settlement.trials import flow as trials
from jobmeter.settlement.trials.model import Trial, TrialDay

INVALID_TRAFFIC = "/portal/operator/invalid-traffic"
DAYS = 7
# What intake refuses and stores: the other reasons have no job, or no day, that they belong to.
FILTERS = [verdict for verdict in Verdict if verdict not in {*NOT_STORED, Verdict.COUNTED}]
BURSTS = (Rule.VISITOR_BURST, Rule.ADDRESS_BURST)
ENTER_STATE = mark("Choose on or off")


class Line(NamedTuple):
    """What a rule does on a day of a trial, or on all of them: clicks, and what was charged for them by currency."""

    clicks_before: int
    clicks_after: int
    difference: dict[str, int]


async def list_rules(visit: Visit) -> Response:
    today = day_of(visit.context.now)
    days = [today - timedelta(days=number) for number in range(DAYS, 0, -1)]
    async with visit.app.database.snapshot() as connection:
        policies = await click_rules.read_policies(connection)
        found = await settlement.list_days_before(connection, before=today, rows_max=DAYS)
        refusals = await filters.count_refusals(connection, first=days[0], last=days[-1])
        networks = await click_rules.list_network_lists(connection)
    judged = {one.day: one for one in found if one.day >= days[0] and one.reversed_by_rule is not None}
    refused = Counter[tuple[int, date]]({(one.verdict, one.day): one.clicks for one in refusals})
    return visit.show(
        "operator/programme/invalid-traffic.html",
        days=days,
        judged=judged,
        rows=[(policy, _count_days(policy.rule, judged, days)) for policy in policies],
        filters=[(verdict, [refused[verdict, day] for day in days]) for verdict in FILTERS],
        bursts=BURSTS,
        networks=networks,
    )


def _count_days(rule: Rule, judged: Mapping[date, SettlementDay], days: Iterable[date]) -> list[int | None]:
    """Returns how many clicks the rule reversed on each day; ``None`` for a day whose clicks are not checked yet."""
    return [
        (judged[day].reversed_by_rule or {}).get(str(int(rule)), 0) if day in judged else None for day in days
    ]


async def show_rule(visit: Visit) -> Response:
    """With a setting in the address, what it would have reversed last week. Raises ``Refused``: OPERATOR_UNKNOWN, OVERLOADED."""
    rule = acts.find_rule(visit.context.request.path_params["name"])
    kept = await _read_policy(visit, rule)
    query = visit.context.request.query_params
    if "is_on" not in query:
        return _show(visit, kept, kept)
    fields = Fields(visit, query)
    changed = _read_changed(fields, kept)
    if fields.problems:
        return _show(visit, kept, changed, problems=fields.problems, given=query)
    async with visit.app.database.transaction() as connection:
        trial = await trials.try_policy(connection, changed, now=visit.context.now, days=DAYS)
    return _show(visit, kept, changed, trial=trial)


async def save_rule(visit: Visit) -> Response:
    """Raises ``Refused(OPERATOR_UNKNOWN)``."""
    rule = acts.find_rule(visit.context.request.path_params["name"])
    kept, fields = await _read_policy(visit, rule), Fields(visit, visit.form)
    changed = _read_changed(fields, kept)
    if fields.problems:
        return _show(visit, kept, changed, problems=fields.problems, given=visit.form)
    async with visit.app.database.transaction() as connection:
        await acts.set_rule(connection, changed, record=visit.context.record)
    return visit.redirect(INVALID_TRAFFIC, done="rule")


async def _read_policy(visit: Visit, rule: Rule) -> RulePolicy:
    async with visit.app.database.connection() as connection:
        return next(one for one in await click_rules.read_policies(connection) if one.rule is rule)


def _read_changed(fields: Fields, kept: RulePolicy) -> RulePolicy:
    """Only the rules of bursts have limits."""
    is_on = fields.get("is_on")
    if is_on not in {"on", "off"}:
        fields.refuse("is_on", ENTER_STATE)
    if kept.rule not in BURSTS:
        return RulePolicy(kept.rule, is_on == "on", kept.jobs_max, kept.window_minutes)
    return RulePolicy(
        kept.rule, is_on == "on", fields.read_number("jobs_max"), fields.read_number("window_minutes")
    )


def _show(
    visit: Visit,
    kept: RulePolicy,
    changed: RulePolicy,
    *,
    trial: Trial | None = None,
    problems: Mapping[str, str] = MappingProxyType({}),
    given: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    shown = {
        "is_on": "on" if changed.is_on else "off",
        "jobs_max": str(changed.jobs_max),
        "window_minutes": str(changed.window_minutes),
    }
    return visit.show(
        "operator/programme/rule.html",
        problems=problems,
        kept=kept,
        changed=changed,
        given={name: given.get(name, value) for name, value in shown.items()},
        text=kept.rule.message,
        has_limits=kept.rule in BURSTS,
        trial=trial,
        total=_compare(trial.days) if trial else None,
        by_day=[(visit.viewer.day(one.day), _compare([one])) for one in trial.days] if trial else [],
        by_rule=_compare_rules(visit, trial.days) if trial else [],
    )


def _compare(days: Iterable[TrialDay], rule: Rule | None = None) -> Line:
    """Returns what all rules, or one, do on some days with the present setting and with the other one."""
    before = [one for day in days for one in day.before if rule in {None, one.rule}]
    after = [one for day in days for one in day.after if rule in {None, one.rule}]
    amounts = _sum(after)
    amounts.subtract(_sum(before))
    return Line(
        sum(one.clicks for one in before),
        sum(one.clicks for one in after),
        {currency: amount for currency, amount in sorted(amounts.items()) if amount},
    )


def _compare_rules(visit: Visit, days: Sequence[TrialDay]) -> list[tuple[str, Line]]:
    found = sorted({one.rule for day in days for one in (*day.before, *day.after)})
    return [(visit.gettext(RULES[rule].message), _compare(days, RULES[rule])) for rule in found]


def _sum(effects: Iterable[RuleEffect]) -> Counter[str]:
    found = Counter[str]()
    for one in effects:
        if one.currency:
            found[one.currency] += one.amount_micros
    return found
