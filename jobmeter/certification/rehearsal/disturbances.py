"""Owns what a rehearsal causes on purpose, each thing once, and at which request. Pure."""

from collections.abc import Sequence
from enum import Enum

from jobmeter.certification.trace import Kind

CALM_CALLS_MIN = 2  # successful calls between two disturbances, so that each is seen by itself
READS = frozenset(
    {Kind.TASKS, Kind.STATUS, Kind.BY_IDS, Kind.BY_RANGE, Kind.BUDGET, Kind.FIND, Kind.LOCATIONS}
)


class Disturbance(Enum):
    """In the order in which they are caused; the values are the words of the command line."""

    REVOKE = "revoke"  # JP-A-04
    EXPIRE = "expire"  # JP-A-03
    FAIL_TASK = "task"
    THROTTLE = "429"
    FAIL = "503"
    DROP = "drop"


MEANINGS = {
    Disturbance.REVOKE: "the token was revoked",
    Disturbance.EXPIRE: "the clock was moved by 31 minutes",
    Disturbance.FAIL_TASK: "the task fails",
    Disturbance.THROTTLE: "answered with 429",
    Disturbance.FAIL: "answered with 503",
    Disturbance.DROP: "the connection was dropped",
}


def choose(
    pending: Sequence[Disturbance], *, kind: Kind, calm_calls: int, has_posted: bool
) -> Disturbance | None:
    """Returns what to cause at a request, or ``None``.

    Only reads are disturbed, which are safe to repeat; except that the task of a later batch of jobs fails.
    """
    if kind is Kind.JOBS:
        return Disturbance.FAIL_TASK if has_posted and Disturbance.FAIL_TASK in pending else None
    others = [one for one in pending if one is not Disturbance.FAIL_TASK]
    if not others or kind not in READS or calm_calls < CALM_CALLS_MIN:
        return None
    return others[0]
