"""Random histories on a real database against the auditor: after each step all figures agree, and the laws hold."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobmeter.base.faults import Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import Money
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.pool import Database
from jobmeter.wire.events import Event
from tests.properties.laws.auditor import FINAL, Auditor, Expected, day_of, to_ms
from tests.support.scenario import (
    PRICES_BY_PLACE,
    START,
    clear,
    make_element,
    make_event,
    open_for_examples,
    set_up,
)

LAWS_EVERY_STEPS = 8
LIMIT_MICROS = 60_000_000
UNKNOWN_JOB = 256 * 99_999_999
CUSTOMERS = st.integers(0, 1)
NAMES = st.sampled_from(["a", "b", "c"])
PLACES = st.sampled_from(sorted(PRICES_BY_PLACE))
BUDGETS_MICROS = st.sampled_from([1_000_000, 4_000_000, 7_770_000, 25_000_000])
JOBS = st.integers(0, 7)
AGES_SECONDS = st.one_of(st.integers(0, 600), st.integers(-400, 49 * 3_600))
VISITS = st.lists(st.tuples(JOBS, st.booleans(), AGES_SECONDS, st.booleans()), min_size=1, max_size=12)
SPANS = st.sampled_from([timedelta(minutes=1), timedelta(hours=1), timedelta(hours=13), timedelta(days=2)])


class History(RuleBasedStateMachine):
    """One scenario, one loop, one clock. Every verb calls both the flows and the auditor."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        runner.run(clear(database))
        self.scenario = runner.run(set_up(database, LIMIT_MICROS))
        self.auditor = Auditor(LIMIT_MICROS, PRICES_BY_PLACE)
        self.now = START
        self.batches: list[list[Event]] = []
        self.events_made = 0
        self.steps = 0

    # -- jobs and the contract

    @rule(number=CUSTOMERS, name=NAMES, place=PLACES, budget_micros=BUDGETS_MICROS)
    def post(self, number: int, name: str, place: str, budget_micros: int) -> None:
        customer = self.scenario.customers[number]
        expected = self.auditor.expect_post((number, name), place, budget_micros)
        element = make_element(customer, name, self.now, place=place, budget_micros=budget_micros)
        try:
            task_id = self.runner.run(self.scenario.take(customer, element, self.now))
        except Refused as refused:
            self._check(refused.fault.name, expected)
            return
        job_id = self.runner.run(self.scenario.job_of_task(customer, task_id, self.now))
        self._check("repeated" if job_id is None else "posted", expected)
        if job_id is not None:
            self.auditor.post((number, name), job_id, place, budget_micros, self.now)

    @rule(number=CUSTOMERS, name=NAMES)
    def close(self, number: int, name: str) -> None:
        expected = "closed" if self.auditor.can_close((number, name)) else "JOB_NOT_CLOSABLE"
        try:
            self.runner.run(self.scenario.close(self.scenario.customers[number], name, self.now))
        except Refused as refused:
            self._check(refused.fault.name, expected)
            return
        self._check("closed", expected)
        self.auditor.close(self.auditor.names[number, name], "CLOSED", to_ms(self.now))

    @rule(reference=st.sampled_from(["x", "y"]), amount_micros=st.sampled_from([5_000_000, 20_000_000]))
    def credit(self, reference: str, amount_micros: int) -> None:
        expected = self.auditor.credit(reference, amount_micros)
        try:
            is_new = self.runner.run(self._top_up(reference, amount_micros))
        except Refused as refused:
            self._check(refused.fault.name, expected)
            return
        self._check("new" if is_new else "known", expected)

    @staticmethod
    def _check(outcome: str, expected: str) -> None:
        assert outcome == expected

    async def _top_up(self, reference: str, amount_micros: int) -> bool:
        async with self.scenario.database.transaction() as connection:
            return await contracts.top_up(
                connection,
                contract=self.scenario.contract,
                amount=Money(amount_micros, "EUR"),
                reference=make_reference("credit", reference),
                now=self.now,
            )

    # -- events

    @rule(visits=VISITS)
    def ingest(self, visits: list[tuple[int, bool, int, bool]]) -> None:
        self._ingest([self._make_event(*visit) for visit in visits])

    @precondition(lambda self: self.batches)
    @rule(rng=st.randoms(use_true_random=False), batch_rows=st.integers(1, 30))
    def replay(self, rng: Random, batch_rows: int) -> None:
        again = [event for batch in self.batches if rng.random() < 0.5 for event in batch]
        rng.shuffle(again)
        for first in range(0, len(again), batch_rows):
            self._ingest(again[first : first + batch_rows], is_new=False)

    @precondition(lambda self: self.auditor.jobs)
    @rule(job=JOBS, beyond=st.integers(0, 3))
    def click_beyond_budget(self, job: int, beyond: int) -> None:
        job_id = self._job_id(job % len(self.auditor.jobs))
        clicks = self.auditor.affordable(job_id) + beyond
        self._ingest([self._make_event(job % len(self.auditor.jobs), True, 0, False) for _ in range(clicks)])

    def _ingest(self, events: list[Event], *, is_new: bool = True) -> None:
        expected = self.auditor.ingest(events, self.now)
        reply = self.runner.run(self.scenario.ingest(events, self.now))
        reported = Expected(reply.accepted, reply.duplicate, reply.rejected, reply.clicks_charged)
        if is_new:
            assert reported == expected
            self.batches.append(events)
            return
        # An event that is already stored may also belong to a job that is over by now: both outcomes are
        # right.
        assert (reported.accepted, reported.charged) == (0, 0) == (expected.accepted, expected.charged)
        assert reported.duplicate + reported.rejected == expected.duplicate + expected.rejected

    def _make_event(self, job: int, is_click: bool, age_seconds: int, is_crawler: bool) -> Event:
        self.events_made += 1
        return make_event(
            self._job_id(job),
            str(self.events_made),
            self.now - timedelta(seconds=age_seconds),
            type="applyClick" if is_click else "view",
            user_agent="Googlebot/2.1" if is_crawler else None,
        )

    def _job_id(self, job: int) -> int:
        known = list(self.auditor.jobs)
        return known[job] if job < len(known) else UNKNOWN_JOB

    # -- time

    @rule(span=SPANS)
    def move_clock(self, span: timedelta) -> None:
        self.now += span
        self.runner.run(self.scenario.open_day(self.now))

    @rule()
    def run_due(self) -> None:
        self.runner.run(self.scenario.run_due(self.now))
        self.auditor.run_due(self.now)

    @rule()
    def settle(self) -> None:
        today = day_of(to_ms(self.now))
        self.move_clock(FINAL)
        self.run_due()
        ((is_settled,),) = self._rows("SELECT %s IN (SELECT day FROM settled_days)", [today])
        assert is_settled

    # -- the laws are checked after some steps and at the end, the figures after each

    @invariant()
    def laws_hold_now_and_then(self) -> None:
        self.steps += 1
        if self.steps % LAWS_EVERY_STEPS == 0:
            self.laws_hold()

    def laws_hold(self) -> None:
        assert self.runner.run(self.scenario.breaches()) == []

    def teardown(self) -> None:
        self.laws_hold()

    @invariant()
    def figures_are_the_auditors(self) -> None:
        auditor = self.auditor
        budgets = self._rows("SELECT job_id, budget_micros, spent_micros, released_micros FROM job_budgets")
        assert {row[0]: row[1:] for row in budgets} == {
            job_id: (job["budget"], job["spent"], job["released"]) for job_id, job in auditor.jobs.items()
        }
        days = self._rows(
            "SELECT job_id, day, views, apply_clicks, clicks_charged, clicks_refused, charge_micros FROM job_day_sums"
        )
        assert {row[:2]: row[2:] for row in days} == {
            (job_id, day): (
                *(counts[column] for column in ("views", "clicks", "charged", "refused")),
                counts["charged"] * auditor.jobs[job_id]["price"],
            )
            for (job_id, day), counts in auditor.days.items()
        }
        contract = self._rows(
            "SELECT limit_micros, amount FROM partner_contracts JOIN ledger_balances ON owner_id = id AND kind = 2"
        )
        assert contract == [(auditor.limit, auditor.available)]
        states = self._rows("SELECT job_id, state FROM job_postings")
        assert dict(states) == {job_id: job["state"] for job_id, job in auditor.jobs.items()}

    def _rows(self, statement: str, values: list[object] | None = None) -> list[tuple[object, ...]]:
        return self.runner.run(self.scenario.rows(statement, values or []))


@contextmanager
def open_machine(database_url: str) -> Iterator[Callable[[], History]]:
    """Runs histories one after the other, all in one database."""
    with open_for_examples(database_url, connections_max=1) as (runner, database):
        yield partial(History, runner, database)


def play(database_url: str, *, histories: int, steps: int) -> None:
    chosen = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with open_machine(database_url) as make_history:
        run_state_machine_as_test(make_history, settings=chosen)


def test_random_histories_keep_the_laws(database_url: str) -> None:
    play(database_url, histories=4, steps=20)


@pytest.mark.slow
def test_many_long_random_histories_keep_the_laws(database_url: str) -> None:
    play(database_url, histories=80, steps=80)


def test_a_history_begins_afresh_after_one_whose_days_were_dropped(database_url: str) -> None:
    with open_machine(database_url) as make_history:
        first = make_history()
        first.post(0, "a", "Lyon, France", 25_000_000)
        first.run_due()
        first.move_clock(timedelta(days=95))
        first.run_due()
        assert first._rows("SELECT day FROM event_days WHERE dropped_at IS NOT NULL") != []
        second = make_history()
        second.settle()
        second.laws_hold()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE job_budgets SET spent_micros = spent_micros + 1",
        "UPDATE job_budgets SET day_views = day_views + 1 WHERE live_day IS NOT NULL",
        "UPDATE partner_contracts SET limit_micros = limit_micros + 1",
        "UPDATE job_postings SET state = 'PENDING'",
    ],
)
def test_the_auditor_notices_a_changed_figure(database_url: str, tampering: str) -> None:
    with open_machine(database_url) as make_history:
        # given a history that the auditor agrees with
        history = make_history()
        history.post(0, "a", "Lyon, France", 25_000_000)
        history.run_due()
        history.click_beyond_budget(0, 2)
        history.figures_are_the_auditors()
        # when one figure is changed directly in the database
        history.runner.run(history.scenario.execute(tampering))
        # then it no longer agrees
        with pytest.raises(AssertionError):
            history.figures_are_the_auditors()
