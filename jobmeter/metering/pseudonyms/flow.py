"""Owns the verbs of pseudonyms: read the salts of days, hide visitors and networks under them, delete salts that are not needed any more."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np

from jobmeter.base.days import DAY_MS, day_from_number, day_of
from jobmeter.database.arrays import Column
from jobmeter.database.columns import list_day_numbers
from jobmeter.database.connection import Connection
from jobmeter.metering.filters.model import BurstSubject, RecentClicks
from jobmeter.metering.model import EventColumns, HiddenSenders
from jobmeter.metering.pseudonyms import store
from jobmeter.metering.pseudonyms.rules import hide, reveal

# Longer than a day is tried out by another rule, and than a settlement is late without an alert.
SALT_DAYS = 14
SALT_BYTES = 32  # the key of AES-256


class SaltCache:
    """What a process knows of salts. That of a day never changes while events of the day are accepted."""

    def __init__(self) -> None:
        self._salts: dict[date, bytes | None] = {}

    async def load(self, connection: Connection, times_ms: Column) -> None:
        """Reads those of the days of events that are not known yet: nothing for most batches."""
        missing = [
            day
            for number in list_day_numbers(times_ms)
            if (day := day_from_number(number)) not in self._salts
        ]
        if missing:
            self._salts |= await read_salts(connection, missing)

    def knows(self, day: date) -> bool:
        return day in self._salts

    def hide_senders(self, columns: EventColumns, rows: Column) -> HiddenSenders:
        """Hides the visitor and the network of these rows, each under the salt of its event's day, which has been loaded."""
        times_ms, count = np.tile(columns.times_ms[rows], 2), len(rows)
        both = self.hide(
            times_ms=times_ms, subjects=np.concatenate([columns.visitors[rows], columns.addresses[rows]])
        )
        return HiddenSenders(visitors=both[:count], addresses=both[count:])

    def hide(self, *, times_ms: Column, subjects: Column) -> Column:
        """Hides visitors or networks, each under the salt of the day of its time."""
        days = list_day_numbers(times_ms)
        if len(days) == 1:  # as nearly every batch
            return hide(subjects, self._salts.get(day_from_number(days[0])))
        numbers, hidden = times_ms // DAY_MS, subjects.copy()
        for number in days:
            rows = np.flatnonzero(numbers == number)
            hidden[rows] = hide(subjects[rows], self._salts.get(day_from_number(number)))
        return hidden

    def hide_windows(self, clicks: RecentClicks) -> RecentClicks:
        """Hides the subject of each window of clicks under the salt of the day in which the window begins."""
        return replace(clicks, subjects=self.hide(times_ms=clicks.window_ms, subjects=clicks.subjects))


async def read_salts(connection: Connection, days: Iterable[date]) -> dict[date, bytes | None]:
    """Returns the salts of those days that may have events."""
    return {one.day: one.salt for one in await store.list_salts(connection, days=sorted(days))}


async def hide_on(connection: Connection, numbers: Column, *, day: date) -> Column:
    """Returns visitors or networks as events of the day are stored with them; those of a day without a salt as they are."""
    return hide(numbers, (await read_salts(connection, [day])).get(day))


async def reveal_on(connection: Connection, numbers: Column, *, day: date) -> Column:
    """The inverse of ``hide_on``."""
    return reveal(numbers, (await read_salts(connection, [day])).get(day))


async def delete_old_salts(connection: Connection, *, now: datetime) -> int:
    """Deletes the salts of days that are long over, in the order of time: from then on nobody can say which visitor a number is.

    Returns how many there were.
    """
    return await store.delete_old_salts(connection, before=day_of(now) - timedelta(days=SALT_DAYS))


async def replace_visitor(connection: Connection, *, visitor: int, substitute: int) -> dict[str, int]:
    """Puts another visitor, whom nobody knows, in the place of one, on each day under the day's salt; both are as without a salt.

    Repeats stay repeats, views stay those of the same visitor, and an exclusion still matches the clicks that are stored: no click
    is judged in another way. Returns how much was changed of each kind. Days whose salt is deleted hold nothing that could be found.
    """
    changed = {"events": 0, "windows of clicks": 0}
    for one in await store.list_event_days(connection):
        hidden, other = hide(np.array([visitor, substitute], dtype=np.int64), one.salt).tolist()
        changed["events"] += await store.replace_visitor(
            connection, day=one.day, visitor=hidden, substitute=other
        )
        changed["windows of clicks"] += await store.replace_recent_visitor(
            connection, day=one.day, kind=BurstSubject.VISITOR, visitor=hidden, substitute=other
        )
    changed["exclusions of partners"] = await store.replace_excluded_visitor(
        connection, visitor=visitor, substitute=substitute
    )
    return changed
