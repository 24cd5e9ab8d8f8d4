"""Owns the kind ``charges``: a row for each charge of clicks, then one for each correction, as the ledger has them.

Charges are in the order of application, job, day and batch; corrections follow, by contract, day and number.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import accumulate

from jobmeter.base.days import day_from_number, day_number
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.exports.kinds import store
from jobmeter.exports.kinds.model import (
    ChargedDay,
    ChargedDaysPage,
    ChargesPage,
    CorrectionsPage,
    ExportedCharge,
    ExportedCorrection,
)
from jobmeter.exports.kinds.sources import Sources
from jobmeter.exports.model import CURRENCY, Column, ColumnType, ExportQuery, Scope, Table
from jobmeter.exports.rules import DAY_MAX, NUMBER_MAX, read_cursor
from jobmeter.ledger.model import Purpose
from jobmeter.partners.model import Application

ALL_OF_DAY = 2**63 - 1

ABOUT = "A row for each charge of clicks, by application, job and day; then one for each correction, by contract and day."
COLUMNS = (
    Column("type", ColumnType.TEXT, "CHARGE, REVERSE (by settlement) or ADJUST (a credit)"),
    Column("developerApplication", ColumnType.TEXT, "URN of the customer's application"),
    Column("externalJobPostingId", ColumnType.TEXT, "the partner's id of the job"),
    Column("jobPosting", ColumnType.TEXT, "URN of the job"),
    Column("day", ColumnType.DAY, "UTC day to which the amount belongs: of the clicks, or of the credit"),
    Column("reference", ColumnType.TEXT, "unique id of the entry"),
    Column("amount", ColumnType.AMOUNT, "what moved, always above zero, as in the charge stream"),
    Column(
        "net", ColumnType.AMOUNT, "the same, below zero for what was returned: its sum is what was charged"
    ),
    Column(CURRENCY, ColumnType.TEXT, "currency of the amounts (ISO 4217)"),
    Column("bookedAt", ColumnType.TIME, "when the entry was booked"),
    Column("corrects", ColumnType.TEXT, "reference of the charge that the entry corrects"),
)
CHARGED, CORRECTED = 0, 1  # the first number of a cursor
LARGEST = (CORRECTED, NUMBER_MAX, NUMBER_MAX, DAY_MAX, NUMBER_MAX)


async def read_tables(sources: Sources, query: ExportQuery, scope: Scope) -> AsyncIterator[Table]:
    part, *after = read_cursor(query.after, first=(CHARGED, 0, 0, 0, 0), largest=LARGEST)
    if part == CHARGED:
        for child in scope.applications:
            if child.id >= after[0]:
                start = after[1:] if child.id == after[0] else [0, 0, 0]
                async for table in _read_charges(sources, query, scope, child=child, after=start):
                    yield table
    async for table in _read_corrections(sources, query, scope, after if part == CORRECTED else [0, 0, 0, 0]):
        yield table


async def _read_charges(
    sources: Sources, query: ExportQuery, scope: Scope, *, child: Application, after: Sequence[int]
) -> AsyncIterator[Table]:
    job_id, day, batch = after[0], day_from_number(after[1]), after[2]
    has_more = True
    while has_more:
        page = ChargedDaysPage(
            shard=child.shard,
            application_id=child.id,
            contract_ids=[contract.id for contract in scope.contracts],
            job_ids=None if scope.job_ids is None else list(scope.job_ids),
            first=query.first,
            last=query.last,
            after_job=job_id,
            after_day=day,
            after_batch=batch,
            days_max=sources.page_rows,
        )
        async with sources.connect() as connection:
            listed = await store.list_charged_days(connection, page)
            days = _cut(listed, clicks_max=sources.page_rows)
            charges = await store.list_charges(connection, _make_page(days, page)) if days else []
        yield _make_charges(child, charges)
        has_more = len(days) < len(listed) or len(listed) == sources.page_rows
        if has_more:
            job_id, day, batch = days[-1].job_id, days[-1].day, ALL_OF_DAY


def _cut(days: list[ChargedDay], *, clicks_max: int) -> list[ChargedDay]:
    """As many as fit into a page if each click was a charge of its own; at least one."""
    sums = accumulate(day.clicks for day in days)
    fitting = sum(clicks <= clicks_max for clicks in sums)
    return days[: max(fitting, 1)]


def _make_page(days: list[ChargedDay], page: ChargedDaysPage) -> ChargesPage:
    return ChargesPage(
        shard=page.shard,
        job_ids=[one.job_id for one in days],
        external_ids=[one.external_id for one in days],
        days=[one.day for one in days],
        after_job=page.after_job,
        after_day=page.after_day,
        after_batch=page.after_batch,
    )


async def _read_corrections(
    sources: Sources, query: ExportQuery, scope: Scope, after: Sequence[int]
) -> AsyncIterator[Table]:
    """A correction is in the shard of its charge's job, or in that of its contract."""
    for contract in scope.contracts:
        shards = {child.shard for child in scope.applications} | {contract.shard}
        for shard in sorted(shards):
            if (contract.id, shard) < (after[0], after[1]):
                continue
            is_started = (contract.id, shard) == (after[0], after[1])
            page = CorrectionsPage(
                shard=shard,
                contract_id=contract.id,
                application_ids=[child.id for child in scope.applications],
                job_ids=None if scope.job_ids is None else list(scope.job_ids),
                first=query.first,
                last=query.last,
                after_day=day_from_number(after[2] if is_started else 0),
                after_number=after[3] if is_started else 0,
                rows_max=sources.page_rows,
            )
            async for table in _read_shard(sources, page):
                yield table


async def _read_shard(sources: Sources, page: CorrectionsPage) -> AsyncIterator[Table]:
    found: list[ExportedCorrection] = []
    is_full = True
    while is_full:
        async with sources.connect() as connection:
            found = await store.list_corrections(connection, page)
        yield _make_corrections(page, found)
        is_full = len(found) == page.rows_max
        if is_full:
            page = replace(page, after_day=found[-1].day, after_number=found[-1].number)


def _make_charges(child: Application, charges: Sequence[ExportedCharge]) -> Table:
    applications = [child.id] * len(charges)
    cursors = [f"{CHARGED}-{child.id}-{one.job_id}-{day_number(one.day)}-{one.batch}" for one in charges]
    return _make_table(charges, applications, cursors)


def _make_corrections(page: CorrectionsPage, corrections: Sequence[ExportedCorrection]) -> Table:
    applications = [one.application_id for one in corrections]
    cursors = [
        f"{CORRECTED}-{page.contract_id}-{page.shard}-{day_number(one.day)}-{one.number}"
        for one in corrections
    ]
    return _make_table(corrections, applications, cursors)


def _make_table(
    entries: Sequence[ExportedCharge] | Sequence[ExportedCorrection],
    applications: list[int],
    cursors: list[str],
) -> Table:
    return Table(
        (
            [Purpose(one.purpose).name for one in entries],
            [f"{URN_APPLICATION}{application}" for application in applications],
            [one.external_id for one in entries],
            [f"{URN_JOB}{one.job_id}" for one in entries],
            [one.day for one in entries],
            [str(one.reference) for one in entries],
            [one.amount for one in entries],
            [one.amount if one.purpose == Purpose.CHARGE else -one.amount for one in entries],
            [one.unit for one in entries],
            [one.booked_at for one in entries],
            [None if one.corrects is None else str(one.corrects) for one in entries],
        ),
        cursors,
    )
