"""A posting's runs: opens its windows, ends it."""

from datetime import datetime

from jobmeter.charging.budgets import flow as limits
from jobmeter.charging.windows import flow as meters
from jobmeter.database.connection import Connection
from jobmeter.jobs import store
from jobmeter.jobs.funding import find_contract
from jobmeter.jobs.model import OPEN_STATES, JobPosting, JobState
from jobmeter.jobs.slots.flow import free_held_slot


async def end_posting(connection: Connection, posting: JobPosting, state: JobState, now: datetime) -> bool:
    """Ends a run; ``False`` when it has ended, perhaps while this call waited for the row."""
    held = await store.lock_posting(connection, shard=posting.shard, job_id=posting.job_id)
    if held is None or held.state not in OPEN_STATES:
        return False
    contract = await find_contract(connection, held)
    await limits.close_budget(connection, shard=held.shard, job_id=held.job_id, contract=contract, now=now)
    await free_held_slot(connection, shard=held.shard, job_id=held.job_id, now=now)
    await store.set_state(connection, shard=held.shard, job_id=held.job_id, state=state, closed_at=now)
    return True


async def set_windows(
    connection: Connection, *, shard: int, job_ids: list[int], opens: bool, now: datetime
) -> None:
    """Opens or shuts the windows of a campaign's jobs."""
    if opens:
        await meters.open_windows(connection, shard=shard, job_ids=job_ids, live_from=now)
    else:
        await meters.shut_windows(connection, shard=shard, job_ids=job_ids)
