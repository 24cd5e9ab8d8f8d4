"""Owns corrections of final charges: an operator's credit, dated today (law 8).

Does not own what happens before a day is final (``flow``).
"""

from datetime import datetime
from uuid import UUID

from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import format_amount
from jobmeter.charging.budgets import store as budgets_store
from jobmeter.charging.corrections import store as corrections_store
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.contracts.partner import flow as contracts
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Posting, Purpose


async def credit_charge(
    connection: Connection, *, charge: UUID, amount_micros: int, reference: str, now: datetime
) -> bool:
    """Gives back some or all of a final charge, once for each ``reference``; returns whether this call did.

    The posting is dated today and names the charge; the day's figures stay. The money goes to the contract, also
    where the job is still open: its total budget is not spent twice. Raises ``Refused``: OPERATOR_UNKNOWN,
    OPERATOR_INPUT where the day is not final or the charge is less than all its corrections, REFERENCE_REUSED.
    """
    found = await corrections_store.find_charge(connection, reference=charge)
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
    if await corrections_store.sum_corrections(connection, reference=charge) > found.amount_micros:
        amount = format_amount(found.amount_micros, found.currency)
        raise Refused(
            Fault.OPERATOR_INPUT, field="amount", why=f"with earlier corrections above the charge, {amount}"
        )
    await corrections_store.release_credit(
        connection, shard=found.shard, job_id=found.job_id, amount_micros=amount_micros
    )
    await enqueue_job_changes(connection, [found.job_id])
    return True
