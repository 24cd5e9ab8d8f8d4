"""Owns how often a line that repeats itself is written to the log.

Does not own which lines are of one kind, or what is logged.
"""

import logging
import time
from collections.abc import Callable

REPEAT_SECONDS = 60
KINDS_MAX = 100


class ThrottledLog:
    """Writes a line of one kind at most once a minute; the next one says how many were suppressed in between."""

    def __init__(self, logger: logging.Logger, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._read_seconds = read_seconds
        self._written_at: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def log(
        self,
        level: int,
        message: str,
        *arguments: object,
        kind: str | None = None,
        error: Exception | None = None,
    ) -> None:
        """``kind`` distinguishes what the same message says of different things; ``error`` is logged with its trace."""
        suppressed = self.admit(message if kind is None else kind)
        if suppressed is not None:
            line = message + _count_suppressed(suppressed)
            self._logger.log(level, line, *arguments, exc_info=error)

    def filter(self, record: logging.LogRecord) -> bool:
        """For the logger of a library, with ``addFilter``: of its lines of one kind the first, without what follows it."""
        suppressed = self.admit(str(record.msg))
        if suppressed is None:
            return False
        record.msg = record.getMessage().partition("\n")[0] + _count_suppressed(suppressed)
        record.args = ()
        return True

    def admit(self, kind: str) -> int | None:
        """How many of its kind were suppressed since the last line; ``None`` where this one is to be suppressed too."""
        now, written_at = self._read_seconds(), self._written_at.get(kind)
        if written_at is not None and now - written_at < REPEAT_SECONDS:
            self._suppressed[kind] += 1
            return None
        if len(self._written_at) >= KINDS_MAX:
            self.reset()
        self._written_at[kind] = now
        suppressed = self._suppressed.get(kind, 0)
        self._suppressed[kind] = 0
        return suppressed

    def reset(self) -> None:
        """The next line of any kind is written at once."""
        self._written_at.clear()
        self._suppressed.clear()


def _count_suppressed(count: int) -> str:
    return f" ({count} more like it since the last such line)" if count else ""
