"""Owns the report of usage: what a partner or an account used in a month so far, and the forecast to its end.

Does not own invoices: they bill what is final, this shows what is not final yet as well.
"""

from datetime import date, datetime, timedelta

from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.billing.usage import rules, store
from jobmeter.billing.usage.model import (
    Amount,
    ContractBookings,
    ContractUse,
    Usage,
    UsageKind,
    UsageReport,
    UsageSpan,
    UsedContract,
)
from jobmeter.database.connection import Connection
from jobmeter.ledger.model import AccountKind
from jobmeter.settlement.days import flow as settlement

# The account that holds what is unused of a contract.
HOLDS = {
    UsageKind.CLICKS: AccountKind.CONTRACT,
    UsageKind.CREDITS: AccountKind.CREDITS,
    UsageKind.SLOTS: AccountKind.SLOTS_FREE,
}


async def report_usage(
    connection: Connection,
    *,
    partner_id: int,
    month: date,
    now: datetime,
    account_id: int | None = None,
    application_id: int | None = None,
) -> UsageReport:
    """Returns the usage of a partner's contracts, or of those that an account bills, or of one customer on them.

    Raises ``Refused(PARAMETER_INVALID)`` for a month that is not within the last year.
    """
    span = await read_span(connection, month=month, now=now)
    contracts = await store.list_used_contracts(connection, partner_id=partner_id, account_id=account_id)
    used = await _read_use(connection, span, contracts, application_id)
    bookings = await _list_bookings(connection, span, contracts, application_id)
    booked = {one.contract_id: one for one in bookings}
    return UsageReport(
        span=span,
        contracts=tuple(
            _summarize(span, contract, used.get(contract.contract_id), booked[contract.contract_id])
            for contract in contracts
        ),
    )


async def read_span(connection: Connection, *, month: date, now: datetime) -> UsageSpan:
    """Returns the days of a month, and which are final. Raises ``Refused(PARAMETER_INVALID)``."""
    settled_through = await settlement.read_settled_through(connection)
    return rules.make_span(month, today=day_of(now), settled_through=settled_through)


async def sum_unused(connection: Connection, span: UsageSpan, contracts: list[UsedContract]) -> int:
    """Returns the units that are left of prepaid contracts, all together."""
    return sum(one.unused for one in await _list_bookings(connection, span, contracts, None))


async def _list_bookings(
    connection: Connection, span: UsageSpan, contracts: list[UsedContract], application_id: int | None
) -> list[ContractBookings]:
    return await store.list_bookings(
        connection,
        span,
        contract_ids=[contract.contract_id for contract in contracts],
        shards=[contract.shard for contract in contracts],
        kinds=[int(HOLDS[contract.kind]) for contract in contracts],
        application_id=application_id,
    )


async def _read_use(
    connection: Connection, span: UsageSpan, contracts: list[UsedContract], application_id: int | None
) -> dict[int, ContractUse]:
    by_kind: dict[UsageKind, list[int]] = {kind: [] for kind in UsageKind}
    for contract in contracts:
        by_kind[contract.kind].append(contract.contract_id)
    found = await store.list_click_use(
        connection, span, contract_ids=by_kind[UsageKind.CLICKS], application_id=application_id
    )
    found += await store.list_credit_use(
        connection,
        since=start_of(span.month),
        until=end_of(span.last_day),
        mean_since=start_of(span.today - timedelta(days=rules.MEAN_DAYS)),
        mean_until=start_of(span.today),
        contract_ids=by_kind[UsageKind.CREDITS],
        application_id=application_id,
    )
    return {one.contract_id: one for one in found}


def _summarize(
    span: UsageSpan, contract: UsedContract, use: ContractUse | None, booked: ContractBookings
) -> Usage:
    if use is None:
        use = ContractUse(
            contract_id=contract.contract_id, final=Amount(), estimated=Amount(), recent=Amount()
        )
    return Usage(
        contract=contract,
        final=use.final,
        estimated=use.estimated,
        forecast=rules.forecast(
            use.final + use.estimated,
            use.recent,
            mean_days=rules.count_mean_days(contract, span),
            days_left=rules.count_days_left(contract, span),
            currency=contract.currency,
        ),
        credited_micros=booked.credited_micros,
        funded=booked.funded,
        unused=None if contract.is_postpaid else booked.unused,
    )
