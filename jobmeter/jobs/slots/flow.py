"""Gives a held job slot back."""

from datetime import datetime

from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.jobs.slots import store


async def free_held_slot(connection: Connection, *, shard: int, job_id: int, now: datetime) -> None:
    """Gives back the slot of a run that is being ended in this transaction; other jobs hold none."""
    holder = await store.find_slot_holder(connection, shard=shard, job_id=job_id)
    if holder is None:
        return
    contract_id, run_number = holder
    await hiring.free_slot(
        connection, contract_id=contract_id, shard=shard, job_id=job_id, run_number=run_number, now=now
    )
