"""Owns notifying endpoints of charges: the ordered stream, page by page, as notifications.

Does not own the stream (``jobmeter.reports``) or the sending (``notifications.dispatch.flow``).
"""

from datetime import datetime

from jobmeter.database.pool import Database
from jobmeter.ledger.chain import flow as chain
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.model import NotificationEndpoint, NotificationKind
from jobmeter.partners.applications import flow as partners
from jobmeter.reports.charge_stream import flow as stream
from jobmeter.reports.charge_stream.model import serialize_entry

ENTRIES_MAX = 200
PAGES_MAX = 100


async def notify_charges(database: Database, *, now: datetime) -> int:
    """Queues new pages for each follower; returns how many notifications. Each page is queued once."""
    async with database.connection() as connection:
        followers = await notifications.list_followers(connection, kind=NotificationKind.CHARGES)
    if not followers:
        return 0
    for _ in range(2):  # the first records the last posting, the second finds it known
        async with database.transaction() as connection:
            await chain.advance_horizon(connection)
    async with database.connection() as connection:
        known = await chain.read_known_until(connection)
    sent = 0
    for follower in followers:
        if follower.sent_until < known:
            sent += await _notify_follower(database, follower.endpoint, now)
    return sent


async def _notify_follower(database: Database, endpoint: NotificationEndpoint, now: datetime) -> int:
    sent = 0
    for _ in range(PAGES_MAX):
        async with database.transaction() as connection:
            # Cursor and notification are written in one transaction: a crash loses both or neither.
            after = await notifications.lock_cursor(connection, endpoint, begin_at=0)
            application = await partners.find_application(connection, application_id=endpoint.application_id)
            assert application is not None, "an endpoint has its application"
            page = await stream.read_stream(
                connection, application=application, after=after, rows_max=ENTRIES_MAX
            )
            if page.entries:
                await notifications.post_to(
                    connection,
                    endpoint,
                    kind=NotificationKind.CHARGES,
                    subject=f"Charges {after} to {page.cursor}",
                    body={
                        "after": str(after),
                        "cursor": str(page.cursor),
                        "elements": [serialize_entry(entry) for entry in page.entries],
                    },
                    now=now,
                )
                sent += 1
            if page.cursor > after:
                await notifications.move_cursor(connection, endpoint, sent_until=page.cursor)
        if not page.has_more:
            break
    return sent
