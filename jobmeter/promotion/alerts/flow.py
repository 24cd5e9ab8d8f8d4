"""Owns the verbs of budget alerts: at 50, 80 and 100 % of a job's and of a contract's budget, once per limit.

Does not own their delivery (``jobmeter.notifications``).
"""

from datetime import datetime
from typing import Any

from jobmeter.base.ids import URN_APPLICATION, URN_CONTRACT, URN_JOB
from jobmeter.base.money import format_amount
from jobmeter.database.connection import Connection
from jobmeter.jobs.status.model import JobSnapshot
from jobmeter.ledger.chain import flow as chain
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind
from jobmeter.promotion.alerts import rules, store
from jobmeter.promotion.alerts.model import ContractSpend, ReachedShares

JOB, CONTRACT = "JOB", "CONTRACT"


async def notify_job_alerts(
    connection: Connection, snapshot: JobSnapshot, *, seen: tuple[int, int], now: datetime
) -> None:
    """``seen`` are the limit and spend of the last check, zeros before the first: after a change of the
    limit, only shares above the share reached at that check are reported.
    """
    limit, posting = snapshot.limit, snapshot.status.posting
    if limit.limit_micros == 0:
        return
    reached = rules.list_reached(
        spent_micros=limit.spent_micros,
        limit_micros=limit.limit_micros,
        is_used_up=limit.spent_micros > 0 and not limit.can_pay_a_click and limit.released_micros == 0,
    )
    shares = ReachedShares(
        scope=JOB, owner_id=limit.job_id, limit_micros=limit.limit_micros, percents=reached
    )
    new = await store.add_alerts(connection, shares, now=now)
    new = rules.list_news(new, limit_micros=limit.limit_micros, seen=seen)
    if not new:
        return
    await _enqueue_alert(
        connection,
        application_id=posting.application_id,
        what=f"job {posting.external_id}",
        percent=new[-1],
        body={
            "scope": JOB,
            "externalJobPostingId": posting.external_id,
            "jobPosting": f"{URN_JOB}{posting.job_id}",
            "contract": f"{URN_CONTRACT}{limit.partner_contract_id}",
            **_format_use(limit.spent_micros, limit.limit_micros, limit.currency),
        },
        now=now,
    )


async def observe_contracts(connection: Connection, *, now: datetime) -> None:
    """Adds the charges since the last check, and notifies contracts that reached another share of their limits."""
    after = await store.lock_spend_cursor(connection)
    known = await chain.read_known_until(connection)
    if known > after:
        await store.add_spends(connection, after=after, until=known)
        await store.move_spend_cursor(connection, counted_until=known)
    for spend in await store.list_spends(connection):
        await _notify_contract(connection, spend, now)


async def _notify_contract(connection: Connection, spend: ContractSpend, now: datetime) -> None:
    reached = rules.list_reached(
        spent_micros=spend.spent_micros, limit_micros=spend.limit_micros, is_used_up=False
    )
    shares = ReachedShares(
        scope=CONTRACT, owner_id=spend.contract_id, limit_micros=spend.limit_micros, percents=reached
    )
    new = await store.add_alerts(connection, shares, now=now)
    await store.set_seen(connection, contract_id=spend.contract_id, limit_micros=spend.limit_micros)
    seen = (spend.seen_limit_micros, spend.seen_spent_micros)
    new = rules.list_news(new, limit_micros=spend.limit_micros, seen=seen)
    if new:
        await _enqueue_alert(
            connection,
            application_id=spend.partner_id,
            what=f"contract {spend.contract_id}",
            percent=new[-1],
            body={
                "scope": CONTRACT,
                "contract": f"{URN_CONTRACT}{spend.contract_id}",
                **_format_use(spend.spent_micros, spend.limit_micros, spend.currency),
            },
            now=now,
        )


def _format_use(spent_micros: int, limit_micros: int, currency: str) -> dict[str, Any]:
    return {
        "spent": {"currencyCode": currency, "amount": format_amount(spent_micros, currency)},
        "limit": {"currencyCode": currency, "amount": format_amount(limit_micros, currency)},
    }


async def _enqueue_alert(
    connection: Connection,
    *,
    application_id: int,
    what: str,
    percent: int,
    body: dict[str, Any],
    now: datetime,
) -> None:
    await notifications.enqueue_notification(
        connection,
        application_id=application_id,
        kind=NotificationKind.BUDGET_ALERT,
        subject=f"The {what} has used {percent} % of its budget",
        body={
            "developerApplicationUrn": f"{URN_APPLICATION}{application_id}",
            "percent": percent,
            "toldAt": now.isoformat(),
            **body,
        },
        now=now,
    )
