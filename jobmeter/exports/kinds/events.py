"""Owns the kinds ``events`` and ``clicksNotCharged``: single views and clicks, with what became of each.

Rows are read shard by shard in the order of their time, for as long as events are kept. Nothing in them identifies a
visitor or an address.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from jobmeter.base.clock import from_ms
from jobmeter.base.days import day_of
from jobmeter.base.ids import SHARD_COUNT, URN_APPLICATION, URN_JOB
from jobmeter.database.connection import Connection
from jobmeter.explain import flow as explain
from jobmeter.explain.model import ClickOutcome, ExplainedClick, StoredClick
from jobmeter.exports.kinds import store
from jobmeter.exports.kinds.model import EventsPage, ExportedEvent
from jobmeter.exports.kinds.sources import Sources
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportQuery, Scope, Table
from jobmeter.exports.rules import read_cursor
from jobmeter.metering.model import VERDICTS, EventKind, Verdict
from jobmeter.settlement.model import RULES
from jobmeter.wire.events import KINDS

HALF = 64  # bits of an event's key
LARGEST = (SHARD_COUNT - 1, 2**HALF - 1, 2**HALF - 1)

OF_THE_JOB = (
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's id of the job"),
    Column("jobPosting", ColumnType.TEXT, "URN of the job"),
)
ABOUT = "A row for each view and apply click, by shard and time, for as long as events are kept."
COLUMNS = (
    *OF_THE_JOB,
    Column("type", ColumnType.TEXT, "view or applyClick"),
    Column("time", ColumnType.TIME, "when it happened"),
    Column("verdict", ColumnType.TEXT, "of intake: COUNTED, or the filter that refused it"),
    Column("outcome", ColumnType.TEXT, "of a click: CHARGED, BEYOND_BUDGET, NOT_PRICED, REFUSED or REVERSED"),
    Column("reason", ColumnType.TEXT, "why, in words"),
    Column("amount", ColumnType.AMOUNT, "what the click costs; empty if nothing"),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amount (ISO 4217)"),
    Column(
        "charge", ColumnType.TEXT, "reference of the charge that contains the click, also after its reversal"
    ),
)
NOT_CHARGED_ABOUT = (
    "A row for each apply click that was not charged, by shard and time, for as long as events are kept."
)
NOT_CHARGED_COLUMNS = (
    *OF_THE_JOB,
    Column("time", ColumnType.TIME, "when the click happened"),
    Column("filter", ColumnType.TEXT, "intake filter or settlement rule; BEYOND_BUDGET or NOT_PRICED"),
    Column("reason", ColumnType.TEXT, "why it was not charged, in words"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """An event of the caller; ``click`` is what became of a click."""

    event: ExportedEvent
    click: ExplainedClick | None

    @property
    def at(self) -> datetime:
        return from_ms(self.event.time_ms)

    @property
    def reason(self) -> str:
        return VERDICTS[self.event.verdict].message if self.click is None else self.click.reason

    @property
    def filter(self) -> str:
        assert self.click is not None
        if self.event.rule is not None:
            return RULES[self.event.rule].name
        is_refused = self.event.verdict != Verdict.COUNTED
        return VERDICTS[self.event.verdict].name if is_refused else self.click.outcome.value

    @property
    def is_charged(self) -> bool:
        return self.click is not None and self.click.outcome is ClickOutcome.CHARGED

    @property
    def charge(self) -> UUID | None:
        if self.event.charge is not None:
            return self.event.charge
        return None if self.click is None else self.click.charge


async def read_tables(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    async for shard, rows in _read_rows(sources, query, scope, kinds=list(EventKind)):
        yield Table(
            (
                *_list_job_values(rows),
                [KINDS[row.event.kind] for row in rows],
                [row.at for row in rows],
                [VERDICTS[row.event.verdict].name for row in rows],
                [None if row.click is None else row.click.outcome.value for row in rows],
                [row.reason for row in rows],
                [row.event.price_micros if row.is_charged else None for row in rows],
                [row.event.currency or None for row in rows],
                [None if row.charge is None else str(row.charge) for row in rows],
            ),
            _list_cursors(shard, rows),
        )


async def read_not_charged(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    async for shard, found in _read_rows(sources, query, scope, kinds=[EventKind.APPLY_CLICK]):
        rows = [row for row in found if not row.is_charged]
        yield Table(
            (
                *_list_job_values(rows),
                [row.at for row in rows],
                [row.filter for row in rows],
                [row.reason for row in rows],
            ),
            _list_cursors(shard, rows),
        )


def _list_job_values(rows: Sequence[Row]) -> tuple[list[str | None], ...]:
    return (
        [f"{URN_APPLICATION}{row.event.application_id}" for row in rows],
        [row.event.external_id for row in rows],
        [f"{URN_JOB}{row.event.job_id}" for row in rows],
    )


def _list_cursors(shard: int, rows: Sequence[Row]) -> list[str]:
    keys = [row.event.event_key.int for row in rows]
    return [f"{shard}-{key >> HALF}-{key & LARGEST[1]}" for key in keys]


async def _read_rows(
    sources: Sources, query: ExportQuery, scope: Scope, *, kinds: list[EventKind]
) -> AsyncIterator[tuple[int, list[Row]]]:
    """The rows of each page, with their shard; a page may be empty, because applications share shards."""
    first_shard, high, low = read_cursor(query.after, first=(0, 0, 0), largest=LARGEST)
    for shard in sorted({child.shard for child in scope.applications}):
        if shard < first_shard:
            continue
        page = EventsPage(
            shard=shard,
            application_ids=[child.id for child in scope.applications if child.shard == shard],
            contract_id=query.contract_id,
            job_ids=None if scope.job_ids is None else list(scope.job_ids),
            kinds=list(map(int, kinds)),
            first=query.first,
            last=query.last,
            after=UUID(int=high << HALF | low if shard == first_shard else 0),
            rows_max=sources.page_rows,
        )
        is_full = True
        while is_full:
            async with sources.connect() as connection:
                found = await store.list_events(connection, page)
                rows = await _explain(connection, [one for one in found if one.job_id is not None])
            yield shard, rows
            is_full = len(found) == page.rows_max
            if is_full:
                page = replace(page, after=found[-1].event_key)


async def _explain(connection: Connection, events: list[ExportedEvent]) -> list[Row]:
    """The events with their outcomes. Clicks are ranked only on days of jobs with clicks that count and were not charged."""
    ranked: dict[tuple[int, date], list[StoredClick]] = {}
    for event in events:
        is_priced = event.kind == EventKind.APPLY_CLICK and event.price_micros
        if is_priced and event.clicks_free and event.job_id is not None:
            ranked.setdefault((event.job_id, day_of(from_ms(event.time_ms))), []).append(_make_stored(event))
    clicks: dict[UUID, ExplainedClick] = {}
    for (job_id, day), stored in ranked.items():
        for click in await explain.explain_clicks(connection, job_id=job_id, day=day, stored=stored):
            clicks[click.event_key] = click
    return [Row(event, clicks.get(event.event_key) or _make_click(event)) for event in events]


def _make_click(event: ExportedEvent) -> ExplainedClick | None:
    """The outcome of a click on a day on which all clicks that count were charged."""
    if event.kind != EventKind.APPLY_CLICK or event.job_id is None:
        return None
    counts = event.verdict == Verdict.COUNTED and event.rule is None and event.price_micros
    day = day_of(from_ms(event.time_ms))
    charge = explain.make_charge_reference(day, event.job_id, event.batch) if counts else None
    return explain.make_click(_make_stored(event), event.price_micros or 0, charge)


def _make_stored(event: ExportedEvent) -> StoredClick:
    """Without the visitor: no export knows one."""
    return StoredClick(
        event_key=event.event_key,
        time_ms=event.time_ms,
        visitor=0,
        batch=event.batch,
        verdict=event.verdict,
        rule=event.rule,
    )
