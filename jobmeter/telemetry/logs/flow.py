"""Owns the verbs of the log: name what is being worked on, so that each line says it, and write a line for an answered request.

A name is set and read in a fraction of a microsecond, and described only once there is a line.
"""

import logging
from contextvars import ContextVar

from jobmeter.telemetry.logs.model import Fields, Work

access_log = logging.getLogger("jobmeter.access")

# A task that is created inherits both, so that what it logs later is of the same request.
_WORK: ContextVar[Work | None] = ContextVar("work", default=None)
_CHORE: ContextVar[str] = ContextVar("chore", default="")


def begin_work(work: Work | None) -> None:
    """What is logged from here on, in this task and those that it creates, is of this request; ``None`` ends it."""
    _WORK.set(work)


def current_work() -> Work | None:
    return _WORK.get()


def begin_chore(name: str) -> None:
    """As ``begin_work``, of background work. An empty name ends it.

    A chore that fails is not ended: who catches its error logs it.
    """
    _CHORE.set(name)


def describe_current() -> Fields:
    """Returns the fields of a line that is being written: ``requestId``, ``method``, ``route``; ``requestIds``; ``chore``."""
    work, chore = _WORK.get(), _CHORE.get()
    fields = {} if work is None else dict(work.describe_for_log())
    return fields | {"chore": chore} if chore else fields


def log_answer(*, method: str, route: str, status: int, seconds: float) -> None:
    """Writes the line of an answered request, if such lines are wanted: the endpoint as in the table, never the address."""
    if access_log.isEnabledFor(logging.INFO):
        milliseconds = round(seconds * 1_000, 3)
        access_log.info(
            "%s %s: %d after %s ms",
            method,
            route,
            status,
            milliseconds,
            extra={"fields": {"status": status, "milliseconds": milliseconds}},
        )
