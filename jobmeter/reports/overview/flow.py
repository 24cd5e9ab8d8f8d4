"""Owns the read of a partner's overview."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of
from jobmeter.database.connection import Connection
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import ListFilter, ListOrder, ListQuestion
from jobmeter.partners.model import Application
from jobmeter.reports.overview import rules, store
from jobmeter.reports.overview.model import ContractMeter, Need, Overview

DAYS = 30
MOST_SPENT = 5
NEWEST = 2**62
ROWS_MAX = 20  # of each kind of what needs somebody; contracts too


async def read_overview(connection: Connection, *, application: Application, now: datetime) -> Overview:
    """Returns the overview of a parent with all its children, or of one child. Needs a transaction with one snapshot."""
    is_parent, partner_id = application.parent_id is None, application.partner_id
    own_id = None if is_parent else application.id
    final_through = await store.read_final_day(connection)
    meters: list[ContractMeter] = []
    if is_parent:
        meters = await list_meters(connection, partner_id=partner_id, rows_max=ROWS_MAX, now=now)
    question = ListQuestion(
        wanted=ListFilter(partner_id=partner_id, application_id=own_id),
        order=ListOrder.SPENT,
        is_descending=True,
        rows_max=MOST_SPENT,
    )
    page = await job_lists.list_jobs(connection, question)
    needs = rules.list_contract_needs(meters, now=now) + rules.list_job_needs(page.states)
    needs += await _list_other_needs(connection, application, now)
    return Overview(
        contracts=tuple(meters),
        days=tuple(
            await job_lists.list_contract_days(
                connection,
                partner_id=partner_id,
                application_id=own_id,
                first=day_of(now) - timedelta(days=DAYS),
            )
        ),
        final_through=final_through,
        states=page.states,
        most_spent=page.jobs,
        needs=rules.sort_needs(needs),
        counted_at=page.counted_at,
    )


async def list_meters(
    connection: Connection,
    *,
    partner_id: int,
    rows_max: int,
    now: datetime,
    before: int = NEWEST,
    contract_id: int | None = None,
) -> list[ContractMeter]:
    """Returns where the limits of a partner's contracts are, the newest first: those before an id, or one contract's."""
    rows = await store.list_contracts(
        connection,
        partner_id=partner_id,
        final_through=await store.read_final_day(connection),
        contract_id=contract_id,
        before=before,
        rows_max=rows_max,
    )
    return [rules.make_meter(row, now=now) for row in rows]


def pace_days(contracts: Sequence[ContractMeter], *, currency: str, days: Sequence[date]) -> tuple[int, ...]:
    """Returns what an even pace of all contracts in a currency spends from the first of these days to the end of each."""
    return rules.pace_days(contracts, currency=currency, days=days)


async def list_named_meters(
    connection: Connection, *, contract_ids: list[int], now: datetime
) -> list[ContractMeter]:
    """Returns where the limits of some contracts are, in the order of their ids."""
    final_through = await store.read_final_day(connection)
    rows = await store.list_named_contracts(
        connection, contract_ids=contract_ids, final_through=final_through
    )
    return [rules.make_meter(row, now=now) for row in rows]


async def _list_other_needs(connection: Connection, application: Application, now: datetime) -> list[Need]:
    """Invoices are the parent's; what an application has itself is shown to it and to its parent."""
    is_parent = application.parent_id is None
    owner = store.Owner(
        partner_id=application.partner_id,
        application_id=application.id,
        is_parent=is_parent,
        rows_max=ROWS_MAX,
    )
    needs = rules.list_webhook_needs(await store.list_dead_webhooks(connection, owner))
    needs += rules.list_feed_needs(await store.list_faulty_feeds(connection, owner))
    needs += rules.list_hiring_needs(await store.list_hiring_contracts(connection, owner, now=now), now=now)
    if is_parent:
        invoices = await store.list_due_invoices(
            connection, partner_id=application.partner_id, rows_max=ROWS_MAX
        )
        needs += rules.list_invoice_needs(invoices, today=day_of(now))
    return needs
