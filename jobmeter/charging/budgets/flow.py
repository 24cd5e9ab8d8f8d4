"""Owns the verbs that change an open job's money: its total budget, and when its events count.

Does not own opening, charging and closing a budget (``charge.flow``) or whether a change is allowed (``jobmeter.jobs``).
"""

from collections.abc import Sequence
from datetime import datetime

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of
from jobmeter.base.ids import make_reference
from jobmeter.charging.budgets import store
from jobmeter.charging.budgets.model import JobLimit
from jobmeter.charging.job_changes.flow import note_jobs
from jobmeter.contracts.partner.model import PartnerContract
from jobmeter.database.migrations_runner import Connection
from jobmeter.ledger import flow as ledger
from jobmeter.ledger.model import Posting, Purpose


async def lock_limit(connection: Connection, *, shard: int, job_id: int) -> JobLimit:
    held = await store.lock_limit(connection, shard=shard, job_id=job_id)
    assert held is not None, "a posted job has a budget row"
    return held


async def read_limits(connection: Connection, *, shard: int, job_ids: Sequence[int]) -> dict[int, JobLimit]:
    found = await store.read_limits(connection, shard=shard, job_ids=list(job_ids))
    return {limit.job_id: limit for limit in found}


async def change_limit(
    connection: Connection, held: JobLimit, contract: PartnerContract, *, limit_micros: int, now: datetime
) -> None:
    """Makes ``limit_micros`` the total budget of a job locked as ``held``: reserves what is more, returns what is less.

    Raises ``Refused(BALANCE_TOO_LOW)`` when the contract can not carry it; the caller's savepoint is then lost.
    """
    assert limit_micros >= held.used_micros, "what is spent stays spent"
    change_micros = limit_micros - held.limit_micros
    await note_jobs(connection, [held.job_id])
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


async def extend_window(connection: Connection, *, shard: int, job_id: int, live_until: datetime) -> None:
    """A later end for the job's events; a window that is shut stays shut."""
    await store.extend_window(connection, shard=shard, job_id=job_id, live_until_ms=to_ms(live_until))
    await note_jobs(connection, [job_id])


async def open_windows(
    connection: Connection, *, shard: int, job_ids: Sequence[int], live_from: datetime
) -> None:
    """The jobs' events count from ``live_from`` to the end that each has."""
    await store.open_windows(connection, shard=shard, job_ids=list(job_ids), live_from_ms=to_ms(live_from))
    await note_jobs(connection, job_ids)


async def shut_windows(connection: Connection, *, shard: int, job_ids: Sequence[int]) -> None:
    """No event of the jobs counts until their windows are opened again; their money stays reserved."""
    await store.shut_windows(connection, shard=shard, job_ids=list(job_ids))
    await note_jobs(connection, job_ids)
