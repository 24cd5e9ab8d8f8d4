"""Owns the verbs of the promotion feed: check changed jobs, report changes, read the feed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from jobmeter.base.clock import to_ms
from jobmeter.base.days import day_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION, URN_JOB
from jobmeter.base.limits import DELIVERY_KEPT_DAYS
from jobmeter.charging.job_changes import flow as job_changes
from jobmeter.database.connection import Connection
from jobmeter.jobs.status import flow as jobs
from jobmeter.jobs.status.model import JobSnapshot, Promotion, serialize_status
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationKind
from jobmeter.promotion import rules, store
from jobmeter.promotion.alerts.flow import notify_job_alerts
from jobmeter.promotion.model import FeedEntry, ObservedState, PromotionChange, PromotionState

SNAPSHOT_ROWS = 1_000


async def observe_jobs(connection: Connection, *, rows_max: int, base_url: str, now: datetime) -> int:
    """Checks jobs that are queued as changed or whose time has come, and reports what changed since the last check.

    Runs in the caller's transaction: feed entry, notifications and stored state appear together. Returns the
    number of jobs checked.
    """
    job_ids = set(await job_changes.claim_job_changes(connection, rows_max=rows_max))
    job_ids |= set(
        await store.list_waiting_for_time(
            connection, now_ms=to_ms(now), today=start_of(day_of(now)), rows_max=rows_max
        )
    )
    if not job_ids:
        return 0
    # A second process waits here; it then reads the states the first one stored, and the jobs as they are by
    # then.
    last = await store.lock_numbers(connection)
    sorted_ids = sorted(job_ids)
    snapshots = await jobs.read_snapshots(connection, sorted_ids, now=now)
    known = {
        state.job_id: state for state in await store.list_promotion_states(connection, job_ids=sorted_ids)
    }
    seen = {snapshot.status.posting.job_id: make_promotion_state(snapshot) for snapshot in snapshots}
    await _notify_feed(connection, known, seen, last, now)
    await store.save_promotion_states(connection, list(seen.values()), now=now)
    for snapshot in snapshots:
        job_id = snapshot.status.posting.job_id
        if rules.is_status_change(known.get(job_id), seen[job_id]):
            await _notify_status(connection, snapshot, base_url, now)
        await notify_job_alerts(connection, snapshot, seen=_limit_and_spend(known.get(job_id)), now=now)
    return len(sorted_ids)


def _limit_and_spend(known: PromotionState | None) -> tuple[int, int]:
    return (0, 0) if known is None else (known.limit_micros, known.spent_micros)


def make_promotion_state(snapshot: JobSnapshot) -> ObservedState:
    standing, posting = snapshot.status.standing, snapshot.status.posting
    is_promoted = standing.promotion is Promotion.PROMOTED
    reason = "" if standing.run_out is None else standing.run_out.name
    if not is_promoted and not reason:
        reason = "FAILED" if standing.failure is not None else "NOT_PROMOTED"
    return ObservedState(
        job_id=posting.job_id,
        is_promoted=is_promoted,
        reason=reason,
        listing=standing.listing,
        limit_micros=snapshot.limit.limit_micros,
        spent_micros=snapshot.limit.spent_micros,
        application_id=posting.application_id,
        until_ms=snapshot.limit.live_until_ms,
    )


async def _notify_feed(
    connection: Connection,
    known: dict[int, PromotionState],
    seen: dict[int, ObservedState],
    last: int,
    now: datetime,
) -> None:
    changed = [state for job_id, state in seen.items() if rules.is_feed_change(known.get(job_id), state)]
    if not changed:
        return
    entries = [
        FeedEntry(number=number, job_id=state.job_id, is_promoted=state.is_promoted, reason=state.reason)
        for number, state in enumerate(changed, start=last + 1)
    ]
    assert await store.insert_changes(connection, entries, now=now) == len(entries)
    await store.set_last_number(connection, last=entries[-1].number)


async def _notify_status(connection: Connection, snapshot: JobSnapshot, base_url: str, now: datetime) -> None:
    posting, standing = snapshot.status.posting, snapshot.status.standing
    await notifications.enqueue_notification(
        connection,
        application_id=posting.application_id,
        kind=NotificationKind.JOB_POSTING_STATUS,
        subject=f"Job {posting.external_id} is {standing.listing} and {standing.promotion}",
        body={
            "developerApplicationUrn": f"{URN_APPLICATION}{posting.application_id}",
            "jobPosting": f"{URN_JOB}{posting.job_id}",
            "changedAt": to_ms(now),
            **serialize_status(snapshot.status, base_url),
        },
        now=now,
    )


async def read_changes(
    connection: Connection, *, after: int, rows_max: int
) -> tuple[list[PromotionChange], int]:
    """Returns the entries after the cursor, and the next cursor.

    Raises ``Refused(DELIVERY_CURSOR_OLD)`` when some of the entries have been deleted, and for a cursor that
    was never issued, so that followers of a restored database take a new snapshot.
    """
    numbers = await store.read_numbers(connection)
    if not numbers.dropped <= after <= numbers.last:
        raise Refused(Fault.DELIVERY_CURSOR_OLD, cursor=after)
    changes = await store.list_changes(connection, after=after, rows_max=rows_max)
    return changes, changes[-1].number if changes else after


async def read_last_number(connection: Connection) -> int:
    return (await store.read_numbers(connection)).last


async def stream_snapshot(connection: Connection) -> AsyncIterator[list[PromotionChange]]:
    """Yields every promoted job in batches. Needs a transaction with one snapshot."""
    async for batch in store.stream_promoted(connection, rows_max=SNAPSHOT_ROWS):
        yield batch


async def sweep_changes(connection: Connection, *, now: datetime) -> None:
    """Deletes entries past their retention; a request with an older cursor is then answered with a fault."""
    await store.drop_changes(connection, before=now - timedelta(days=DELIVERY_KEPT_DAYS))
