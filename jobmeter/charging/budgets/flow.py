"""Owns the verbs that change an open job's money: its total budget, and when its events count.

Does not own opening, charging and closing a budget (``charge.flow``) or whether a change is allowed (``jobmeter.jobs``).
"""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import make_reference
from jobmeter.base.money import format_amount
from jobmeter.charging.budgets import store
from jobmeter.charging.budgets.model import BudgetOpening, JobBudget, NewJobBudget
from jobmeter.charging.job_changes.flow import enqueue_job_changes
from jobmeter.contracts.partner.model import Pacing, PartnerContract
from jobmeter.database.connection import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Account, AccountKind, Posting, Purpose

# The largest whole number of a bigint column that is a whole amount of every currency.
RESERVED_MICROS_MAX = 9_223_372_036_854 * 1_000_000


async def lock_job_budget(connection: Connection, *, shard: int, job_id: int) -> JobBudget:
    """Of a posted job. What is read of it holds until the caller's transaction ends."""
    return await store.lock_job_budget(connection, shard=shard, job_id=job_id)


async def read_job_budgets(
    connection: Connection, *, shard: int, job_ids: Sequence[int]
) -> dict[int, JobBudget]:
    """Those of ``job_ids`` that have one, by job id."""
    found = await store.read_job_budgets(connection, shard=shard, job_ids=list(job_ids))
    return {budget.job_id: budget for budget in found}


async def change_limit(
    connection: Connection, held: JobBudget, contract: PartnerContract, *, limit_micros: int, now: datetime
) -> None:
    """Makes ``limit_micros`` the total budget of a job locked as ``held``: reserves what is more, returns what is less.

    Raises ``Refused``: BALANCE_TOO_LOW if the contract cannot pay for it (the caller's savepoint is then lost),
    JOB_BUDGET_RAISED_TOO_OFTEN if all that was ever reserved for the job would pass RESERVED_MICROS_MAX.
    """
    assert limit_micros >= held.used_micros, "what is spent stays spent"
    change_micros = limit_micros - held.limit_micros
    if held.budget_micros + change_micros > RESERVED_MICROS_MAX:
        amount, most = (
            format_amount(micros, held.currency) for micros in (limit_micros, RESERVED_MICROS_MAX)
        )
        raise Refused(Fault.JOB_BUDGET_RAISED_TOO_OFTEN, amount=amount, most=most)
    await enqueue_job_changes(connection, [held.job_id])
    if change_micros > 0:
        await store.raise_limit(connection, shard=held.shard, job_id=held.job_id, change_micros=change_micros)
        # What was ever reserved only grows, so it numbers the reservations.
        reference = make_reference("reserve", held.job_id, held.budget_micros)
        purpose, source, destination = Purpose.RESERVE, contract.account, held.account
    elif change_micros < 0:
        await store.lower_limit(
            connection, shard=held.shard, job_id=held.job_id, change_micros=-change_micros
        )
        reference = make_reference("release", held.job_id, held.released_micros)
        purpose, source, destination = Purpose.RELEASE, held.account, contract.account
    else:
        return
    await ledger.book(
        connection,
        Posting(
            reference=reference,
            purpose=purpose,
            source=source,
            destination=destination,
            amount=abs(change_micros),
            unit=held.currency,
            day=day_of(now),
            booked_at=now,
        ),
    )


async def downgrade(
    connection: Connection, held: JobBudget, contract: PartnerContract, *, now: datetime
) -> None:
    """Returns what a job locked as ``held`` has left, and whatever it would get back until it is upgraded."""
    await store.set_downgraded(connection, shard=held.shard, job_id=held.job_id, is_downgraded=True)
    await change_limit(connection, held, contract, limit_micros=held.used_micros, now=now)


async def upgrade(
    connection: Connection, held: JobBudget, contract: PartnerContract, *, limit_micros: int, now: datetime
) -> None:
    """Gives a job locked as ``held`` a budget again. Raises as ``change_limit``."""
    await store.set_downgraded(connection, shard=held.shard, job_id=held.job_id, is_downgraded=False)
    await change_limit(connection, held, contract, limit_micros=limit_micros, now=now)


async def open_budget(connection: Connection, opening: BudgetOpening, *, now: datetime) -> None:
    """Reserves the job's total budget from its contract and opens its live window (law 7).

    Raises ``Refused(BALANCE_TOO_LOW)`` if the contract cannot pay for it; the caller's savepoint is then lost.
    """
    contract = opening.contract
    await store.insert_job_budget(
        connection,
        NewJobBudget(
            shard=opening.shard,
            job_id=opening.job_id,
            partner_contract_id=0 if contract is None else contract.id,
            currency="" if contract is None else contract.currency,
            click_price_micros=opening.click_price_micros,
            budget_micros=opening.budget_micros,
            live_from_ms=to_ms(opening.live_from),
            live_until_ms=to_ms(opening.live_until),
            daily_micros=opening.daily_micros,
            is_paced=contract is not None and contract.pacing is Pacing.EVEN,
            market=opening.market,
        ),
    )
    await enqueue_job_changes(connection, [opening.job_id])
    if contract is not None and opening.budget_micros > 0:
        await ledger.book(
            connection,
            Posting(
                reference=make_reference("reserve", opening.job_id),
                purpose=Purpose.RESERVE,
                source=contract.account,
                destination=Account(AccountKind.JOB, opening.job_id, opening.shard),
                amount=opening.budget_micros,
                unit=contract.currency,
                day=day_of(now),
                booked_at=now,
            ),
        )


async def close_budget(
    connection: Connection, *, shard: int, job_id: int, contract: PartnerContract | None, now: datetime
) -> JobBudget:
    """Stops the job's charges and returns what is left to its contract (law 7). Closing twice changes nothing."""
    budget = await store.lock_job_budget(connection, shard=shard, job_id=job_id)
    await store.release_job_budget(connection, shard=shard, job_id=job_id, live_until_ms=to_ms(now))
    await enqueue_job_changes(connection, [job_id])
    if contract is not None and budget.left_micros > 0:
        await ledger.book(
            connection,
            Posting(
                reference=make_reference("release", job_id, budget.released_micros),
                purpose=Purpose.RELEASE,
                source=budget.account,
                destination=contract.account,
                amount=budget.left_micros,
                unit=budget.currency,
                day=day_of(now),
                booked_at=now,
            ),
        )
    return budget
