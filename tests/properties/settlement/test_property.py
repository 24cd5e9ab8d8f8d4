"""Random days of clicks, settled by the database and by the naive model: each click is reversed by the same rule."""

from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobmeter.base.clock import to_ms
from jobmeter.base.days import FINAL_AFTER_DAYS, day_of, final_at
from jobmeter.database.pool import Database
from jobmeter.metering.intake import model as identity
from jobmeter.settlement.click_rules import flow as policy
from jobmeter.settlement.days import flow as settlement
from jobmeter.settlement.model import Criterion, Exclusion, Rule, RuleEffect, RulePolicy
from jobmeter.settlement.trials import flow as trials
from jobmeter.wire.events import Event
from tests.properties.settlement.naive import Click, Model, Settings
from tests.support.scenario import (
    PRICE_MICROS,
    START,
    Scenario,
    clear,
    in_parts,
    make_event,
    open_for_examples,
    set_up,
)

JOBS = 4
VISITORS = ("", "ada", "bo", "cy", "di")
ADDRESSES = ("", "203.0.113.9", "198.51.100.7", "192.0.2.1")
DAY = day_of(START)
FINAL = final_at(DAY)

CLICKS = st.tuples(
    st.integers(0, JOBS - 1),
    st.integers(0, 9),  # its id: few values, so that some repeat
    st.integers(0, 40),  # minutes
    st.sampled_from(VISITORS),
    st.sampled_from(ADDRESSES),
)
BATCHES = st.lists(st.lists(CLICKS, min_size=1, max_size=15), min_size=1, max_size=4)
SETTINGS = st.builds(
    Settings,
    visitor_jobs_max=st.integers(1, 3),
    address_jobs_max=st.integers(1, 4),
    window_minutes=st.integers(1, 30),
    blocked_addresses=st.sets(st.sampled_from(ADDRESSES[1:]), max_size=1).map(frozenset),
    excluded_visitors=st.sets(st.sampled_from(VISITORS[1:]), max_size=1).map(frozenset),
    excluded_names=st.sets(st.integers(0, 9).map(str), max_size=1).map(frozenset),
    needs_view=st.booleans(),
)
# Its job and visitor, and how many days earlier it was.
VIEWS = st.lists(
    st.tuples(st.integers(0, JOBS - 1), st.sampled_from(VISITORS[1:]), st.integers(0, 1)), max_size=4
)
BUDGETS = st.lists(st.integers(1, 12), min_size=JOBS, max_size=JOBS)


class AbandonedError(Exception):
    """A settlement that was killed before its step was committed."""


def make_click(job_id: int, batch: int, values: tuple[int, int, int, str, str]) -> tuple[Event, Click]:
    _, name, minute, visitor, address = values
    at = START + timedelta(minutes=minute)
    event = make_event(job_id, str(name), at, visitor=visitor, address=address or None)
    key = identity.find_event_key(source="board", event_id=str(name), time=to_ms(at))
    return event, Click(str(name), to_ms(at), key.bytes, job_id, visitor, address, batch)


async def apply_settings(scenario: Scenario, chosen: Settings) -> None:
    async with scenario.database.transaction() as connection:
        minutes = chosen.window_minutes
        for rule, is_on, jobs_max in (
            (Rule.VISITOR_BURST, True, chosen.visitor_jobs_max),
            (Rule.ADDRESS_BURST, True, chosen.address_jobs_max),
            (Rule.NO_VIEW, chosen.needs_view, 1),
        ):
            await policy.set_policy(connection, RulePolicy(rule, is_on, jobs_max, minutes))
        networks = [address.rpartition(".")[0] + ".0/24" for address in chosen.blocked_addresses]
        await policy.set_networks(connection, list_name="clouds", networks=networks, now=START)
        for visitor in chosen.excluded_visitors:
            subject = identity.find_visitor(visitor)
            exclusion = Exclusion(Criterion.VISITOR, subject, b"", DAY, "known")
            assert await policy.exclude(connection, exclusion, now=START)
        for name in chosen.excluded_names:
            origin = identity.find_origin(source="board", event_id=name)
            await policy.exclude(connection, Exclusion(Criterion.EVENT, 0, origin, None, "one"), now=START)


async def settle_in_steps(scenario: Scenario, rng: Random) -> None:
    """One job at a time; some steps are lost just before their commit, as after a kill."""
    more = True
    while more:
        try:
            async with scenario.database.transaction() as connection:
                more = await settlement.settle_next(
                    connection, final_after_days=FINAL_AFTER_DAYS, now=FINAL, jobs_per_step_max=1
                )
                if rng.random() < 0.3:
                    raise AbandonedError
        except AbandonedError:
            more = True


async def try_day(scenario: Scenario) -> tuple[RuleEffect, ...]:
    """What a trial of the present setting says of the day: with one that changes nothing, the same twice."""
    async with scenario.database.transaction() as connection:
        (first, *_) = await policy.read_policies(connection)
        trial = await trials.try_policy(connection, first, now=FINAL)
    (day,) = (one for one in trial.days if one.day == DAY)
    assert day.before == day.after
    return day.before


async def read_days(scenario: Scenario) -> dict[int, tuple[int, ...]]:
    rows = await scenario.rows(
        "SELECT job_id, apply_clicks, clicks_charged, clicks_reversed, charge_micros FROM job_day_sums WHERE day = %s",
        [DAY],
    )
    return {row[0]: row[1:] for row in rows}


async def read_state(scenario: Scenario) -> list[object]:
    """Returns everything that settlement writes."""
    tables = ("ledger_postings", "job_days", "job_budgets", "event_reversals", "job_day_restatements")
    return [await scenario.rows(f"SELECT kept::text FROM {table} AS kept ORDER BY 1") for table in tables]


async def play(database: Database, batches, chosen, views, budgets, seed: int) -> None:
    # given jobs with tight budgets, and a day of clicks of which some should not count
    await clear(database)
    scenario = await set_up(database, 10**10)
    jobs = [
        await scenario.post(f"job-{n}", budget_micros=clicks * PRICE_MICROS)
        for n, clicks in enumerate(budgets)
    ]
    model = Model(
        PRICE_MICROS, {job: clicks * PRICE_MICROS for job, clicks in zip(jobs, budgets, strict=True)}
    )
    await apply_settings(scenario, chosen)
    now = START + timedelta(hours=2)
    seen = [
        make_event(jobs[job], f"view-{n}", START - timedelta(days=days), type="view", visitor=who)
        for n, (job, who, days) in enumerate(views)
    ]
    await scenario.ingest(seen, now)
    model.views = {(jobs[job], who) for job, who, _ in views}
    model.has_views_of_day = any(days == 0 for _, _, days in views)
    for batch, values in enumerate(batches):
        pairs = [make_click(jobs[click[0]], batch, click) for click in values]
        await scenario.ingest([event for event, _ in pairs], now)
        model.ingest([click for _, click in pairs])
    await scenario.close(scenario.customers[0], "job-0", now)
    assert await scenario.breaches() == []

    # when the day is tried, and settled with interruptions
    tried = await try_day(scenario)
    await settle_in_steps(scenario, Random(seed))
    model.settle(chosen, closed={jobs[0]})

    # then each click matched the rule of the model, and every figure agrees
    rows = await scenario.rows("SELECT event_key, rule FROM event_reversals")
    assert {row[0].bytes: Rule(row[1]) for row in rows} == model.rules
    clicked = {click.job for click in model.clicks}
    assert {job: row for job, row in (await read_days(scenario)).items() if job in clicked} == {
        job: model.figures(job) for job in clicked
    }
    left = await scenario.rows(
        "SELECT job_id, budget_micros - spent_micros - released_micros FROM job_budgets"
    )
    assert dict(left) == model.left | {jobs[0]: 0}
    assert await scenario.breaches() == []

    # and a trial of the day says before and after it what settlement did
    async with database.connection() as connection:
        done = await settlement.list_effects(connection, day=DAY)
    assert tried == tuple(done) == await try_day(scenario)

    # and settling again changes nothing
    before = await read_state(scenario)
    await settle_in_steps(scenario, Random(seed + 1))
    assert await read_state(scenario) == before


@in_parts(3, 15, parts=9)
def test_settlement_agrees_with_the_naive_model(database_url: str, part: int, examples: int) -> None:
    with open_for_examples(database_url) as (runner, database):

        @settings(max_examples=examples, suppress_health_check=list(HealthCheck), deadline=None)
        @given(BATCHES, SETTINGS, VIEWS, BUDGETS, st.integers(part * 1_000, part * 1_000 + 999))
        def check(batches, chosen, views, budgets, seed) -> None:
            runner.run(play(database, batches, chosen, views, budgets, seed))

        check()
