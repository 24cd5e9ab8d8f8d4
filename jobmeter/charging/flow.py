"""Owns the verbs of charging: open a job's budget, charge a tally inside the budgets, close a job's budget."""

from datetime import datetime

import numpy as np

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.ids import SHARD_COUNT, make_reference
from jobmeter.charging import store
from jobmeter.charging.flow_reversal import record_late
from jobmeter.charging.model import BudgetOpening, Charged, JobBudget, Meters, Tally
from jobmeter.contracts.model import PartnerContract
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Account, AccountKind, Posting, Purpose
from jobmeter.store import arrays
from jobmeter.store.arrays import Column
from jobmeter.store.migrate import Connection


async def open_budget(connection: Connection, opening: BudgetOpening, *, now: datetime) -> None:
    """Reserves the job's total budget from its contract and starts its meter (law 7).

    Raises ``Refused(BALANCE_TOO_LOW)`` when the contract can not carry it; the caller's savepoint is then lost.
    """
    contract = opening.contract
    await store.insert_job_budget(
        connection,
        shard=opening.shard,
        job_id=opening.job_id,
        partner_contract_id=0 if contract is None else contract.id,
        currency="" if contract is None else contract.currency,
        click_price_micros=opening.click_price_micros,
        budget_micros=opening.budget_micros,
        live_from_ms=to_ms(opening.live_from),
        live_until_ms=to_ms(opening.live_until),
    )
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


async def set_live_window(
    connection: Connection, *, shard: int, job_id: int, live_from: datetime, live_until: datetime
) -> None:
    """From when until when the job's events count."""
    await store.set_live_window(
        connection,
        shard=shard,
        job_id=job_id,
        live_from_ms=to_ms(live_from),
        live_until_ms=to_ms(live_until),
    )


async def close_budget(
    connection: Connection, *, shard: int, job_id: int, contract: PartnerContract | None, now: datetime
) -> JobBudget:
    """Stops the job's charges and returns what is left to its contract (law 7). Closing twice changes nothing."""
    budget = await store.lock_job_budget(connection, shard=shard, job_id=job_id)
    assert budget is not None, "a posted job has a budget row"
    await store.release_job_budget(connection, shard=shard, job_id=job_id, live_until_ms=to_ms(now))
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


async def read_meters(connection: Connection, job_ids: Column) -> Meters:
    """The meters of those of ``job_ids`` that exist."""
    return await store.read_meters(
        connection,
        shards=arrays.pack_smallints(job_ids % SHARD_COUNT),
        job_ids=arrays.pack_bigints(job_ids),
    )


async def charge(connection: Connection, tally: Tally, *, batch: int, now: datetime) -> Charged:
    """Counts the tally and charges its clicks inside each job's budget, exactly once for each call.

    One posting for each (job, day) with a charge, whose cause is ``batch``. Which of a batch's clicks were
    charged follows from their order: the first ones by event key, until the budget was spent.
    """
    charged = await store.charge_tally(
        connection,
        shards=arrays.pack_smallints(tally.shards),
        job_ids=arrays.pack_bigints(tally.job_ids),
        days=arrays.pack_dates(tally.days),
        views=arrays.pack_integers(tally.views),
        clicks=arrays.pack_integers(tally.clicks),
        earlier=arrays.pack_integers(count_earlier_clicks(tally)),
        refused=arrays.pack_integers(tally.refused),
        references=arrays.pack_uuids(make_charge_references(now, batch, len(tally.job_ids))),
        booked_at=now,
        batch=batch,
    )
    assert charged.clicks_charged + charged.clicks_free <= int(tally.clicks.sum())
    await record_late(connection, tally, batch=batch, now=now)
    return charged


def count_earlier_clicks(tally: Tally) -> Column:
    """For each row of the tally, its job's clicks in the rows before it."""
    before = np.cumsum(tally.clicks) - tally.clicks
    starts = np.ones(len(before), dtype=bool)
    starts[1:] = tally.job_ids[1:] != tally.job_ids[:-1]
    earlier: Column = before - before[starts][np.cumsum(starts) - 1]
    return earlier


def make_charge_references(now: datetime, batch: int, count: int) -> Column:
    """References of a batch's postings: time, batch, row. Rising, so that inserts stay at the index's edge."""
    parts = np.empty(count, dtype=[("time", ">u8"), ("batch", ">u4"), ("row", ">u4")])
    parts["time"] = (to_ms(now) << 16) | ((batch >> 32) & 0xFFFF)
    parts["batch"] = batch & 0xFFFFFFFF
    parts["row"] = np.arange(count)
    return parts.view("V16")
