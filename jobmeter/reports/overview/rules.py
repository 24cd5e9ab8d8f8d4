"""Owns the decisions of an overview: the parts of a limit, even pace, and what needs somebody. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.base.money import MICROS_PER_UNIT, minor_digits
from jobmeter.job_lists.model import ListedState, StateCount
from jobmeter.reports.overview.model import (
    ContractMeter,
    ContractRow,
    DeadWebhook,
    DueInvoice,
    FaultyFeed,
    HiringRow,
    Need,
    NeedKind,
)

# A term that ends within this span is worth a word.
ENDS_SOON = timedelta(days=30)
# Less than this part of a limit is left, neither spent nor reserved: no further job can be posted for long.
USED_UP_PART = 50


def make_meter(row: ContractRow, *, now: datetime) -> ContractMeter:
    """What is neither free nor spent is reserved; estimates lag behind by a minute, which is shown as reserved."""
    final = max(row.final_micros - row.credited_micros, 0)
    estimated = min(row.estimated_micros, max(row.limit_micros - row.free_micros - final, 0))
    return ContractMeter(
        contract_id=row.contract_id,
        currency=row.currency,
        limit_micros=row.limit_micros,
        final_micros=final,
        estimated_micros=estimated,
        reserved_micros=max(row.limit_micros - row.free_micros - final - estimated, 0),
        free_micros=row.free_micros,
        paced_micros=pace(row, now=now),
        term_starts_at=row.term_starts_at,
        term_ends_at=row.term_ends_at,
    )


def pace(row: ContractRow | ContractMeter, *, now: datetime) -> int:
    """Returns what is spent by ``now`` if every second of the term costs the same."""
    term = row.term_ends_at - row.term_starts_at
    gone = min(max(now - row.term_starts_at, timedelta(0)), term)
    return row.limit_micros * (gone // timedelta(seconds=1)) // (term // timedelta(seconds=1) or 1)


def pace_days(contracts: Iterable[ContractMeter], *, currency: str, days: Sequence[date]) -> tuple[int, ...]:
    """Returns what an even pace of all contracts in a currency spends from the first of these days to the end of each,
    in whole minor units.
    """
    mine = [one for one in contracts if one.currency == currency]
    unit = MICROS_PER_UNIT // 10 ** minor_digits(currency)
    before = sum(pace(one, now=start_of(days[0])) for one in mine)
    return tuple((sum(pace(one, now=end_of(day)) for one in mine) - before) // unit * unit for day in days)


def list_contract_needs(meters: Iterable[ContractMeter], *, now: datetime) -> list[Need]:
    """Returns contracts that are used up and terms that end soon."""
    found = []
    for meter in meters:
        is_active = meter.term_starts_at <= now < meter.term_ends_at
        if is_active and meter.free_micros * USED_UP_PART < meter.limit_micros:
            found.append(
                Need(
                    kind=NeedKind.CONTRACT_USED_UP,
                    subject=str(meter.contract_id),
                    amount_micros=meter.free_micros,
                    currency=meter.currency,
                )
            )
        if is_active and meter.term_ends_at - now <= ENDS_SOON:
            found.append(_end_of_term(meter.contract_id, meter.term_ends_at))
    return found


def list_hiring_needs(rows: Iterable[HiringRow], *, now: datetime) -> list[Need]:
    found = []
    for row in rows:
        if row.has_slots and row.units > 0:
            found.append(Need(kind=NeedKind.SLOTS_FREE, subject=str(row.contract_id), count=row.units))
        if row.ends_at - now <= ENDS_SOON:
            found.append(_end_of_term(row.contract_id, row.ends_at))
    return found


def _end_of_term(contract_id: int, ends_at: datetime) -> Need:
    return Need(kind=NeedKind.TERM_ENDS, subject=str(contract_id), on=day_of(ends_at))


def list_invoice_needs(invoices: Iterable[DueInvoice], *, today: date) -> list[Need]:
    return [
        Need(
            kind=NeedKind.INVOICE_OVERDUE
            if invoice.due_on is not None and invoice.due_on < today
            else NeedKind.INVOICE_DUE,
            subject=invoice.number,
            amount_micros=invoice.open_micros,
            currency=invoice.currency,
            on=invoice.due_on,
        )
        for invoice in invoices
    ]


def list_job_needs(states: Iterable[StateCount]) -> list[Need]:
    kinds = {ListedState.RAN_OUT: NeedKind.JOBS_RAN_OUT, ListedState.FAILED: NeedKind.JOBS_FAILED}
    return [Need(kind=kinds[one.state], count=one.jobs) for one in states if one.state in kinds]


def list_webhook_needs(webhooks: Iterable[DeadWebhook]) -> list[Need]:
    return [
        Need(
            kind=NeedKind.WEBHOOK_DISABLED if webhook.is_disabled else NeedKind.DELIVERIES_DEAD,
            subject=str(webhook.endpoint_id),
            count=webhook.dead,
        )
        for webhook in webhooks
    ]


def list_feed_needs(feeds: Iterable[FaultyFeed]) -> list[Need]:
    return [
        Need(
            kind=NeedKind.FEED_ERRORS if feed.is_read else NeedKind.FEED_NOT_READ,
            subject=str(feed.feed_id),
            count=feed.failed,
        )
        for feed in feeds
    ]


def sort_needs(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Returns what needs somebody, the kinds in their order."""
    kinds = list(NeedKind)
    return tuple(sorted(needs, key=lambda need: kinds.index(need.kind)))
