"""Owns the verbs that change what was charged or shown: reverse what settlement asks for, record late events, credit.

Does not own which clicks are reversed (``jobmeter.settlement``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_number, day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import format_amount
from jobmeter.charging.budgets import store as budgets_store
from jobmeter.charging.corrections import store
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.charging.model import ClickCounts
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.bulk import flow as bulk
from jobmeter.ledger.chain import flow as chain
from jobmeter.ledger.model import Posting, Purpose

RESTATEMENT_NUMBERS_MAX = 1_000_000  # in one seal: its text is built in memory


# A process whose clock is ahead may have closed a job after our ``now``. Money that went back into its budget would stay
# there for good; what a job that ends within this time cannot spend again goes to its contract as well.
CLOCKS_APART_MAX = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reversed:
    """``jobs_resumed`` had too little left for a click, and now have enough."""

    postings: int
    micros: int
    jobs_resumed: tuple[int, ...]


async def open_reversal(connection: Connection) -> None:
    """Makes ``asked_reversals`` ready for this transaction; it is empty."""
    await store.create_requested_reversals(connection)


async def reverse_requested(
    connection: Connection, *, shard: int | None, day: date, now: datetime
) -> Reversed:
    """Reverses the rows of ``asked_reversals``, all of clicks of ``day``, once; ``shard`` is that of all, if they have one.

    The money goes back to the job's budget while the job is open, else to its contract; the roll-up follows,
    and a restatement records the difference. Each charge gets one reversing posting that names it.
    """
    await store.make_held_budgets(connection)
    await bulk.open_batch(connection)
    jobs = await store.lock_budgets(connection, shard=shard, now_ms=to_ms(now + CLOCKS_APART_MAX))
    returned = await store.return_to_budgets(connection, shard=shard)
    await enqueue_job_changes(connection, returned.jobs_resumed)
    lowered = await store.lower_job_days(connection, shard=shard, day=day)
    assert lowered == jobs, "a charged day has its roll-up"
    recorded = await store.record_settled_restatements(connection, shard=shard, day=day, recorded_at=now)
    assert recorded == jobs
    asked = await store.insert_requested_reversals(connection)
    assert await bulk.book_requested(connection, day=day, now=now) == asked
    return Reversed(asked, returned.micros, returned.jobs_resumed)


async def record_late(connection: Connection, counts: ClickCounts, *, batch: int, now: datetime) -> None:
    """Records what the tally changed of days before today, which reports show already. After its charge."""
    late = counts.days < day_number(day_of(now))
    if not np.any(late):
        return
    shown = counts.select(late)
    recorded = await store.record_late_restatements(connection, shown, batch=batch, recorded_at=now)
    assert recorded == len(shown)


async def seal_restatements(connection: Connection) -> None:
    """Seals the restatements that the last round of the ledger's seals knows and no earlier seal covers.

    In the transaction that wrote the round, so that its head never changes.
    """
    last = await chain.read_last_round(connection)
    assert last is not None, "a round was just written"
    await store.insert_restatement_seal(
        connection,
        round_number=last.round_number,
        until_number=last.until_number,
        numbers_max=RESTATEMENT_NUMBERS_MAX,
    )


async def credit_charge(
    connection: Connection, *, charge: UUID, amount_micros: int, reference: str, now: datetime
) -> bool:
    """Gives back some or all of a final charge, once for each ``reference``; returns whether this call did.

    The posting is dated today and names the charge; the day's figures stay. The money goes to the contract, also
    where the job is still open: its total budget is not spent twice. Raises ``Refused``: OPERATOR_UNKNOWN,
    OPERATOR_INPUT where the day is not final or the charge is less than all its corrections, REFERENCE_REUSED.
    """
    found = await store.find_charge(connection, reference=charge)
    if found is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="charge", key=charge)
    if not found.is_final:
        raise Refused(
            Fault.OPERATOR_INPUT, field="charge", why="its day is not final; exclude its clicks instead"
        )
    await budgets_store.lock_job_budget(connection, shard=found.shard, job_id=found.job_id)
    contract = await contracts.find_partner_contract(connection, contract_id=found.partner_contract_id)
    assert contract is not None, "a charge names its contract"
    posting = Posting(
        reference=make_reference("credit", charge, reference),
        purpose=Purpose.ADJUST,
        source=contract.earned,
        destination=contract.account,
        amount=amount_micros,
        unit=found.currency,
        day=day_of(now),
        booked_at=now,
        cause=found.job_id,
        corrects=charge,
    )
    if not await ledger.book(connection, posting):
        return False
    if await store.sum_corrections(connection, reference=charge) > found.amount_micros:
        amount = format_amount(found.amount_micros, found.currency)
        raise Refused(
            Fault.OPERATOR_INPUT, field="amount", why=f"with earlier corrections above the charge, {amount}"
        )
    await store.release_credit(
        connection, shard=found.shard, job_id=found.job_id, amount_micros=amount_micros
    )
    await enqueue_job_changes(connection, [found.job_id])
    return True
