"""Owns the deletion of what is kept by the machine's time, because a sandbox's clock may be far ahead of it.

Does not own when it runs (``chores``).
"""

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.people.logins import flow as logins
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.people.sessions import flow as sessions
from jobmeter.request_log import flow as request_log


async def sweep_nonces(connection: Connection, *_: object) -> int:
    """Signatures are checked against the machine's clock."""
    return await signatures.sweep_nonces(connection, machine_now=read_machine_clock())


async def sweep_people(connection: Connection, *, rows_max: int) -> int:
    """Deletes requests to log in, sessions and challenges that are over, up to ``rows_max`` of each."""
    now = read_machine_clock()
    return max(
        await logins.sweep_logins(connection, rows_max=rows_max, now=now),
        await sessions.sweep_sessions(connection, rows_max=rows_max, now=now),
        await passkeys.sweep_challenges(connection, rows_max=rows_max, now=now),
    )


async def sweep_requests(connection: Connection, *, settings: Settings, rows_max: int) -> int:
    return await request_log.sweep_requests(
        connection,
        days=settings.request_log_days,
        rows_max=settings.request_log_rows_max,
        delete_max=rows_max,
        machine_now=read_machine_clock(),
    )
