"""Owns the reading of one application, step by step: each step has rows, and the state once these are stored.

Does not own where they are stored. The stream of charges is read first: what it restates is read again after it, so that a
figure that changes meanwhile is restated in the next pull.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from jobmeter.base.days import one_year_before
from jobmeter.client.client import Client
from jobmeter.client.http.ranges import Span
from jobmeter.client.rows import Charge, DayRestatement
from jobmeter.pull.reading.configuration import Application
from jobmeter.pull.reading.spans import Spans, count_days, list_missing, split_requests
from jobmeter.pull.reading.state import State
from jobmeter.pull.reading.streams import (
    BUDGET,
    CHARGES,
    CLICKS_NOT_CHARGED,
    INVOICE_LINES,
    INVOICES,
    JOB_DAYS,
    JOBS,
    RESTATEMENTS,
    Row,
    Stream,
    make_budget,
    make_charge,
    make_clicks,
    make_invoice,
    make_job,
    make_job_days,
    make_line,
    make_restatement,
)

STREAM_ROWS_MAX = 20_000
ANY_CONTRACT = 0
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of a stream. With ``days`` they replace all rows of these days of the application (and contract); otherwise
    those with the same keys.
    """

    stream: Stream
    rows: Sequence[Row]
    days: Span | None = None
    contract: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is stored together. ``days`` counts the days that it brings the pull forward."""

    batches: tuple[Batch, ...]
    state: State
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An application, and from which day it is wanted. ``today`` is the server's UTC day."""

    application: Application
    first: date | None
    today: date

    @property
    def span(self) -> Span:
        """Servers keep a year, and report until yesterday."""
        oldest = one_year_before(self.today)
        return Span(max(self.first or oldest, oldest), self.today - ONE_DAY)

    @property
    def final_through(self) -> date:
        return self.today - timedelta(days=self.application.final_after_days)

    @property
    def contracts(self) -> tuple[int, ...]:
        return self.application.contracts or (ANY_CONTRACT,)

    def has(self, *streams: Stream) -> bool:
        return any(stream in self.application.streams for stream in streams)

    @property
    def follows_charges(self) -> bool:
        """Days are restated in the stream of charges too, even if that is not stored."""
        by_day = (JOB_DAYS, JOBS, CLICKS_NOT_CHARGED)
        return not self.application.is_linkedin and self.has(CHARGES, RESTATEMENTS, *by_day)

    def list_job_days(self, state: State, contract: int) -> Iterator[Span]:
        return self._list_requests(state.job_days.get(contract, ())) if self.has(JOB_DAYS, JOBS) else iter(())

    def list_clicks(self, state: State) -> Iterator[Span]:
        return self._list_requests(state.clicks_not_charged) if self.has(CLICKS_NOT_CHARGED) else iter(())

    def _list_requests(self, stored: Spans) -> Iterator[Span]:
        return split_requests(list_missing(self.span, stored))

    def count_days(self, state: State) -> int:
        days = sum(count_days(self.list_job_days(state, contract)) for contract in self.contracts)
        return days + count_days(self.list_clicks(state))


def read_steps(client: Client, wanted: Wanted, state: State) -> Iterator[Step]:
    """Yields the steps from ``state`` to now; each may be stored or not, as long as those before it are. Raises ``ClientError``."""
    if wanted.follows_charges:
        for step in _read_charges(client, wanted, state):
            yield step
            state = step.state
    for contract in wanted.contracts:
        for span in wanted.list_job_days(state, contract):
            step = _read_days(client, wanted, contract, span, state)
            yield step
            state = step.state
    for span in wanted.list_clicks(state):
        step = _read_clicks(client, wanted, span, state)
        yield step
        state = step.state
    if wanted.has(BUDGET):
        yield _read_budgets(client, wanted, state)
    if wanted.has(INVOICES, INVOICE_LINES):
        yield from _read_invoices(client, wanted, state)


def _read_charges(client: Client, wanted: Wanted, state: State) -> Iterator[Step]:
    name = wanted.application.name
    entries = client.charges.follow(state.cursor)
    while found := list(islice(entries, STREAM_ROWS_MAX)):
        restated = [one for one in found if isinstance(one, DayRestatement)]
        for day in {one.day for one in restated}:
            state = state.restate(day)
        state = replace(state, cursor=found[-1].cursor)
        batches = []
        if wanted.has(CHARGES):
            rows = [make_charge(name, one) for one in found if isinstance(one, Charge)]
            batches.append(Batch(stream=CHARGES, rows=rows))
        if wanted.has(RESTATEMENTS):
            batches.append(Batch(stream=RESTATEMENTS, rows=[make_restatement(name, one) for one in restated]))
        yield Step(batches=tuple(batches), state=state)


def _read_days(client: Client, wanted: Wanted, contract: int, span: Span, state: State) -> Step:
    name, final_through = wanted.application.name, wanted.final_through
    days: list[Row] = []
    jobs: list[Row] = []
    for report in client.reports.by_days(*span, partner_contract_id=contract or None):
        days += make_job_days(name, contract, report, final_through)
        jobs.append(make_job(name, contract, report))
    batches = (
        Batch(stream=JOB_DAYS, rows=days, days=span, contract=contract),
        Batch(stream=JOBS, rows=jobs),
    )
    return Step(
        batches=tuple(batch for batch in batches if wanted.has(batch.stream)),
        state=state.store_days(contract, span, final_through),
        days=count_days(iter([span])),
    )


def _read_clicks(client: Client, wanted: Wanted, span: Span, state: State) -> Step:
    found = client.charges.not_charged(*span)
    rows = [row for one in found for row in make_clicks(wanted.application.name, one)]
    return Step(
        batches=(Batch(stream=CLICKS_NOT_CHARGED, rows=rows, days=span),),
        state=state.store_clicks(span, wanted.final_through),
        days=count_days(iter([span])),
    )


def _read_budgets(client: Client, wanted: Wanted, state: State) -> Step:
    day = wanted.today - ONE_DAY
    rows = [
        make_budget(wanted.application.name, contract, day, client.reports.budget(contract or None))
        for contract in wanted.contracts
    ]
    return Step(batches=(Batch(stream=BUDGET, rows=rows),), state=state)


def _read_invoices(client: Client, wanted: Wanted, state: State) -> Iterator[Step]:
    """What is open of a document changes, so all are read each time; its lines do not."""
    name = wanted.application.name
    documents = list(client.invoices.list())
    if wanted.has(INVOICES):
        rows = [make_invoice(name, document) for document in documents]
        yield Step(batches=(Batch(stream=INVOICES, rows=rows),), state=state)
    for document in documents if wanted.has(INVOICE_LINES) else ():
        if document.id not in state.invoices:
            rows = [make_line(name, document.id, line) for line in client.invoices.list_lines(document.id)]
            state = replace(state, invoices=state.invoices | {document.id})
            yield Step(batches=(Batch(stream=INVOICE_LINES, rows=rows),), state=state)
