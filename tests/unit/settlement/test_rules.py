"""Each settlement rule by itself, at its limit and one step beyond: which of a few clicks are reversed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobmeter.base.days import day_of, final_at, start_of
from jobmeter.metering.intake import model as identity
from jobmeter.settlement.click_rules import flow as policy
from jobmeter.settlement.model import Criterion, Exclusion, Rule, RulePolicy
from tests.support.scenario import PRICE_MICROS, START, Scenario, make_event, open_scenario

DAY = day_of(START)
MS, SECOND, MINUTE = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)
# A window of ten minutes begins here, and another one five minutes later.
WINDOW = start_of(DAY) + timedelta(hours=10)
BURST = RulePolicy(Rule.VISITOR_BURST, True, 3, 10)
NETWORK_BURST = RulePolicy(Rule.ADDRESS_BURST, True, 3, 10)
NO_VIEW = RulePolicy(Rule.NO_VIEW, True, 1, 1)


@dataclass(frozen=True)
class Click:
    """``job`` is an index in the list of jobs; ``falls`` means that settlement reverses the click."""

    name: str
    at: datetime = START
    job: int = 0
    falls: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def click(name: str, at: datetime = START, job: int = 0, *, falls: bool = False, **more: Any) -> Click:
    return Click(name, at, job, falls, more)


def burst(times: Sequence[datetime], *, falls: bool, **more: Any) -> list[Click]:
    """A click on another job at each time, all by one visitor unless ``more`` sets others."""
    return [
        click(f"b{job}", at, job, falls=falls, **({"visitor": "ada"} | more)) for job, at in enumerate(times)
    ]


CASES: dict[str, tuple[Rule, list[Click], RulePolicy | None]] = {
    "the same event again a millisecond later": (
        Rule.SAME_EVENT,
        [click("a"), click("a", START + MS, falls=True), click("b", START + MS)],
        None,
    ),
    "the same event, of two jobs": (
        Rule.SAME_EVENT,
        [click("a", job=0), click("a", START + MS, job=1, falls=True)],
        None,
    ),
    "the same id of another source": (
        Rule.SAME_EVENT,
        [click("a"), click("a", START + MS, source="another", visitor="bo")],
        None,
    ),
    "the same id on the next day": (
        Rule.SAME_EVENT,
        [click("a", start_of(DAY) + timedelta(hours=23)), click("a", start_of(DAY) + timedelta(hours=24))],
        None,
    ),
    "the visitor's second click on the job": (
        Rule.REPEATED_CLICK,
        [
            click("a", visitor="ada"),
            click("b", START + MS, visitor="ada", falls=True),
            click("c", START + MS, job=1, visitor="ada"),
            click("d", START + MS, visitor="bo"),
        ],
        None,
    ),
    "an unknown visitor's clicks": (
        Rule.REPEATED_CLICK,
        [click("a", visitor=""), click("b", START + MS, visitor="")],
        None,
    ),
    "the last click of a day and the first of the next": (
        Rule.REPEATED_CLICK,
        [
            click("a", start_of(DAY) + timedelta(hours=24) - MS, visitor="ada"),
            click("b", start_of(DAY) + timedelta(hours=24), visitor="ada"),
        ],
        None,
    ),
    "a refused click is not a visitor's first": (
        Rule.REPEATED_CLICK,
        [
            click("a", visitor="ada", user_agent="Googlebot/2.1"),
            click("b", START + MS, visitor="ada"),
        ],
        None,
    ),
    "as many jobs as a visitor may": (Rule.VISITOR_BURST, burst([WINDOW] * 3, falls=False), BURST),
    "one job more": (Rule.VISITOR_BURST, burst([WINDOW] * 4, falls=True), BURST),
    "one job more, across the edge of a window": (
        Rule.VISITOR_BURST,
        burst([WINDOW - MINUTE, WINDOW - MS, WINDOW, WINDOW + MINUTE], falls=True),
        BURST,
    ),
    "one job more, over longer than a window": (
        Rule.VISITOR_BURST,
        burst([WINDOW + 4 * MINUTE * n for n in range(4)], falls=False),
        BURST,
    ),
    "many jobs of unknown visitors": (
        Rule.VISITOR_BURST,
        burst([WINDOW] * 4, falls=False, visitor=""),
        BURST,
    ),
    "one network more, from any visitors": (
        Rule.ADDRESS_BURST,
        [
            click(f"n{n}", WINDOW, n, falls=True, visitor=f"v{n}", address=f"198.51.100.{n + 1}")
            for n in range(4)
        ],
        NETWORK_BURST,
    ),
    "as many as a network may": (
        Rule.ADDRESS_BURST,
        [click(f"n{n}", WINDOW, n % 3, visitor=f"v{n}", address="198.51.100.7") for n in range(6)],
        NETWORK_BURST,
    ),
    "clicks whose network is not known": (
        Rule.ADDRESS_BURST,
        [click(f"n{n}", WINDOW, n, visitor=f"v{n}") for n in range(4)],
        NETWORK_BURST,
    ),
    "a click without a view, where the board reports views": (
        Rule.NO_VIEW,
        [
            click("view", START - SECOND, type="view", visitor="ada"),
            click("a", visitor="ada"),
            click("b", visitor="bo", falls=True),
            click("c", job=1, visitor="ada", falls=True),
            click("d", visitor=""),
        ],
        NO_VIEW,
    ),
    "clicks without views, where the board reports none": (Rule.NO_VIEW, [click("a"), click("b")], NO_VIEW),
    "a click without a view, while the rule is off": (
        Rule.NO_VIEW,
        [click("view", type="view", visitor="bo"), click("a", visitor="ada")],
        None,
    ),
}


async def settle(
    scenario: Scenario, clicks: list[Click], changed: RulePolicy | None
) -> dict[tuple[str, int], Rule]:
    """Returns names and jobs of the clicks that were reversed, in a run over both days of the clicks."""
    posted = start_of(DAY) + timedelta(hours=1)
    await scenario.open_day(posted)
    jobs = [
        await scenario.post(f"job-{n}", now=posted, budget_micros=90 * PRICE_MICROS)
        for n in range(1 + max(one.job for one in clicks))
    ]
    if changed is not None:
        async with scenario.database.transaction() as connection:
            await policy.set_policy(connection, changed)
    events = [make_event(jobs[one.job], one.name, one.at, **one.more) for one in clicks]
    now = start_of(DAY) + timedelta(hours=25)
    await scenario.open_day(now)
    for event in events:
        await scenario.ingest([event], now)
    await scenario.run_due(final_at(DAY) + timedelta(days=1))
    assert await scenario.breaches() == []
    fell = {
        row[0]: Rule(row[1]) for row in await scenario.rows("SELECT event_key, rule FROM event_reversals")
    }
    found = {}
    for one, event in zip(clicks, events, strict=True):
        key = identity.find_event_key(source=event.source, event_id=event.id, time=event.time)
        if key in fell:
            found[one.name, one.job] = fell.pop(key)
    assert not fell
    return found


@pytest.mark.parametrize("case", CASES)
async def test_a_rule_reverses_what_it_should_and_no_more(database_url: str, case: str) -> None:
    rule, clicks, changed = CASES[case]

    async with open_scenario(database_url) as scenario:
        found = await settle(scenario, clicks, changed)
        # of clicks with one name and job the later is reversed, which is the one that is marked so
        assert found == {(one.name, one.job): rule for one in clicks if one.falls}


async def test_the_first_rule_that_matches_is_the_reason(database_url: str) -> None:
    """A click that four rules match: each rule checks the clicks that earlier rules have left."""

    async with open_scenario(database_url) as scenario:
        async with scenario.database.transaction() as connection:
            await policy.set_networks(connection, list_name="clouds", networks=["198.51.100.0/24"], now=START)
            bo = Exclusion(Criterion.VISITOR, identity.find_visitor("bo"), b"", None, "tester")
            await policy.exclude(connection, bo, now=START)
        cloud = {"address": "198.51.100.9"}
        found = await settle(
            scenario,
            [
                click("a", visitor="ada"),
                click("a", START + MS, visitor="ada", **cloud),
                click("b", START + 2 * MS, visitor="ada", **cloud),
                click("c", START + 3 * MS, visitor="ada"),
                click("d", START + 4 * MS, visitor="bo", **cloud),
            ],
            None,
        )
        assert found == {
            ("a", 0): Rule.SAME_EVENT,
            ("b", 0): Rule.DATA_CENTRE,
            ("c", 0): Rule.REPEATED_CLICK,
            ("d", 0): Rule.EXCLUDED,
        }


def test_every_rule_has_a_case() -> None:
    """Lists and exclusions are tested over HTTP, in test_operator."""
    tested = {rule for rule, _, _ in CASES.values()} | {Rule.EXCLUDED, Rule.DATA_CENTRE}
    assert tested == set(Rule)
