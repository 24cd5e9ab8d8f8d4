"""Owns outages of the database: which errors are of one, and how often the log reports it.

Does not own what is answered meanwhile (``http.pipeline``) or when it is tried again (the pool, the loop).
"""

import logging
import time
from collections.abc import Callable

import psycopg
from psycopg.errors import ReadOnlySqlTransaction

from jobmeter.database.throttled_log import ThrottledLog

QUIET_SECONDS = 5
# SQLSTATE: connection lost, resources used up, server stopping or starting, its files failing.
_SERVER_CLASSES = frozenset({"08", "53", "58"})
_SERVER_STATES = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})

# What callers may know about a failure, by SQLSTATE or by its class; without one there is no connection.
_REASONS = {
    "25006": "is read-only",
    "53100": "has no disk space left",
    "53200": "has no memory left",
    "53300": "has no connection free",
    "53": "has no resources left",
    "57P01": "is stopping",
    "57P02": "has crashed and is restarting",
    "57P03": "is starting",
    "57P05": "closed the connection",
    "58": "cannot read or write its files",
}

UNUSABLE = (psycopg.OperationalError, ReadOnlySqlTransaction)  # what may be tried again later

log = logging.getLogger("jobmeter")


def is_outage(error: BaseException | None) -> bool:
    """Whether the server failed as a whole, and not one statement for what it is or what it met."""
    if not isinstance(error, UNUSABLE):
        return False
    state = error.sqlstate or ""
    return not state or state[:2] in _SERVER_CLASSES or state in _SERVER_STATES


def describe_outage(error: BaseException) -> str:
    """Returns what is wrong with the database, in words that may be published: no address, no user, no query."""
    state = getattr(error, "sqlstate", None) or ""
    return _REASONS.get(state) or _REASONS.get(state[:2]) or "cannot be reached"


class Outage:
    """One line when it begins, one a minute while it lasts, one when it is over: never one for each failure."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._read_seconds = read_seconds
        self._lines = ThrottledLog(log, read_seconds=read_seconds)
        self._begun_at: float | None = None
        self._failed_at = 0.0
        self._failures = 0

    def report(self, error: BaseException) -> None:
        """An error of a single statement, such as a deadlock, is logged as that: the database can be used."""
        if not is_outage(error):
            log.warning("a request was taken back and may be sent again: %s", read_first_line(error))
            return
        self._failures += 1
        self._failed_at = self._read_seconds()
        if self._begun_at is None:
            self._begun_at = self._failed_at
        # Counted from the beginning, and not from line to line: whether it is one request or all of them is the news.
        if self._lines.admit("outage") is not None:
            log.error(
                "the database cannot be used: %s (%d requests and chores so far)",
                read_first_line(error),
                self._failures,
            )

    def end(self) -> None:
        """What was tried has worked. Where the disk is full, say, reading does and writing does not: that is not over."""
        now = self._read_seconds()
        if self._begun_at is not None and now - self._failed_at >= QUIET_SECONDS:
            seconds = round(now - self._begun_at)
            log.warning("the database can be used again, after %d seconds", seconds)
            self._begun_at, self._failures = None, 0
            self._lines.reset()


def read_first_line(error: BaseException, *, otherwise: str = "") -> str:
    """Returns the first line of what an error says; if it says nothing, ``otherwise`` or the name of its kind."""
    return (str(error).strip().splitlines() or [otherwise or type(error).__name__])[0]
