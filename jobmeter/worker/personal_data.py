"""Owns which personal data are deleted with time: whose numbers visitors have, addresses of posters without jobs.

Does not own how they are deleted (``metering.pseudonyms``, ``privacy``) or when that is looked for (``chores``).
"""

from datetime import datetime
from typing import Protocol

from jobmeter.base.settings import Settings
from jobmeter.database.connection import Connection
from jobmeter.metering.pseudonyms import flow as pseudonyms
from jobmeter.privacy import flow as privacy


class Occasion(Protocol):
    """When chores run, and with which settings."""

    @property
    def settings(self) -> Settings: ...

    @property
    def now(self) -> datetime: ...


async def delete_old(connection: Connection, occasion: Occasion, rows_max: int) -> int:
    """Returns how many salts were deleted and addresses erased."""
    salts = await pseudonyms.delete_old_salts(connection, now=occasion.now)
    return salts + await privacy.erase_former_posters(
        connection, settings=occasion.settings, rows_max=rows_max, now=occasion.now
    )
