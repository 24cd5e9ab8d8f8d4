"""Owns a posting's runs, whichever API it came through: takes a slot, opens and closes live windows, ends the run.

Does not own a posting's content, or who may end it (``postings``, ``campaigns``, ``xml_jobs``, ``feeds``).
"""

from datetime import datetime

import numpy as np

from jobmeter.base.faults import Fault, Refused
from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.windows import flow as windows_flow
from jobmeter.contracts.credits.model import PaidRun
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.contracts.hiring.model import HiringContract, HiringKind
from jobmeter.database.connection import Connection
from jobmeter.jobs.funding import find_contract
from jobmeter.jobs.model import OPEN_STATES, JobState, Run
from jobmeter.jobs.runs import store

OVERDUE_ROWS_MAX = 100


async def end_run(
    connection: Connection, job: Run, state: JobState, ended_at: datetime, *, failure: str | None = None
) -> None:
    """Ends the run of a locked job: its budget and its slot return to their contract.

    A job whose run has ended can still be closed; it keeps the time at which the run ended.
    """
    if job.state in OPEN_STATES:
        contract = await find_contract(connection, job)
        await limits.close_budget(
            connection, shard=job.shard, job_id=job.job_id, contract=contract, now=ended_at
        )
        await free_held_slot(connection, job, ended_at)
    await store.set_ended(
        connection, shard=job.shard, job_ids=[job.job_id], state=state, ended_at=ended_at, failure=failure
    )


async def close_free_runs(
    connection: Connection, *, shard: int, job_ids: list[int], ended_at: datetime
) -> None:
    """Closes many locked jobs that have neither a budget nor a slot at once. ``job_ids`` are ascending."""
    await windows_flow.end_free_windows(
        connection, shard=shard, job_ids=np.array(job_ids, dtype=np.int64), now=ended_at
    )
    await store.set_ended(
        connection, shard=shard, job_ids=job_ids, state=JobState.CLOSED, ended_at=ended_at, failure=None
    )


async def set_windows(
    connection: Connection, *, shard: int, job_ids: list[int], opens: bool, now: datetime
) -> None:
    """Opens or closes the live windows of a campaign's jobs."""
    if opens:
        await windows_flow.open_windows(connection, shard=shard, job_ids=job_ids, live_from=now)
    else:
        await windows_flow.close_windows(connection, shard=shard, job_ids=job_ids)


async def claim_slot(
    connection: Connection, run: PaidRun, *, contract: HiringContract, now: datetime
) -> None:
    """Takes the slot or the credit of a new run. Raises ``Refused(INVENTORY_EMPTY)``."""
    await check_inventory(connection, contract, now)
    await hiring.use_unit(connection, run, contract=contract, now=now)


async def check_inventory(connection: Connection, contract: HiringContract, now: datetime) -> None:
    """Refuses at once when no slot can become free, so that requests do not queue on a sold-out contract.

    A slot counts as free as soon as its run is over, even before a chore has ended that run.
    """
    if await hiring.read_inventory(connection, contract=contract) != 0:
        return
    if contract.kind is HiringKind.SLOTS:
        overdue = await store.lock_overdue(
            connection, hiring_contract_id=contract.id, now=now, rows_max=OVERDUE_ROWS_MAX
        )
        # Intake locks budgets in the same order.
        for run in sorted(overdue, key=lambda run: (run.shard, run.job_id)):
            await end_run(connection, run, JobState.EXPIRED, run.expires_at)
        if overdue:
            return
    raise Refused(Fault.INVENTORY_EMPTY)


async def free_held_slot(connection: Connection, job: Run, now: datetime) -> None:
    """Returns the slot of a locked job; a job without a hiring contract has none."""
    if job.hiring_contract_id is None:
        return
    await hiring.free_slot(
        connection,
        contract_id=job.hiring_contract_id,
        shard=job.shard,
        job_id=job.job_id,
        run_number=job.run_number,
        now=now,
    )
