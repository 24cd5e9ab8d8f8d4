"""Owns telling when the database can not be used: what counts as that, and how often the log says so.

Does not own what is answered meanwhile (``api.http.pipeline``) or when it is tried again (the pool, the loop).
"""

import logging
import time
from collections.abc import Callable

import psycopg
from psycopg.errors import ReadOnlySqlTransaction

TELL_SECONDS = 60
QUIET_SECONDS = 5
# SQLSTATE: connection lost, resources used up, server stopping or starting, its files failing.
_SERVER_CLASSES = frozenset({"08", "53", "58"})
_SERVER_STATES = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})

UNUSABLE = (psycopg.OperationalError, ReadOnlySqlTransaction)  # what may be tried again later

log = logging.getLogger("jobmeter")


def is_outage(error: BaseException | None) -> bool:
    """Whether the server failed as a whole, and not one statement for what it is or what it met."""
    if not isinstance(error, UNUSABLE):
        return False
    state = error.sqlstate or ""
    return not state or state[:2] in _SERVER_CLASSES or state in _SERVER_STATES


class Outage:
    """One line when it begins, one a minute while it lasts, one when it is over: never one for each failure."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._read_seconds = read_seconds
        self._begun_at: float | None = None
        self._told_at = 0.0
        self._failed_at = 0.0
        self._failures = 0

    def tell(self, error: BaseException) -> None:
        """One that is of a single statement, as a deadlock, is a line of its own: the database can be used."""
        if not is_outage(error):
            log.warning("a request was taken back and may be sent again: %s", _read_reason(error))
            return
        now = self._read_seconds()
        self._failures += 1
        self._failed_at = now
        if self._begun_at is None:
            self._begun_at = now
        elif now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        log.error(
            "the database can not be used: %s (%d requests and chores so far)",
            _read_reason(error),
            self._failures,
        )

    def end(self) -> None:
        """What was tried has worked. Where the disk is full, say, reading does and writing does not: that is not over."""
        now = self._read_seconds()
        if self._begun_at is not None and now - self._failed_at >= QUIET_SECONDS:
            seconds = round(now - self._begun_at)
            log.warning("the database can be used again, after %d seconds", seconds)
            self._begun_at, self._failures = None, 0


def _read_reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class OneAMinute(logging.Filter):
    """Of what the pool says about each connection and each try: the first line of one of a kind a minute."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._read_seconds = read_seconds
        self._told_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._read_seconds()
        if now - self._told_at.get(record.msg, -TELL_SECONDS) < TELL_SECONDS:
            return False
        self._told_at[record.msg] = now
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        return True
