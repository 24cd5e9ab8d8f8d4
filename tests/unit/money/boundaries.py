"""Owns the form of a boundary of the money: an amount, and what happens one step below it, at it, and one step above.

Does not own any boundary.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jobmeter.base.faults import Fault, Refused

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Boundary:
    """``attempt`` is called with ``limit - step``, ``limit`` and ``limit + step``.

    An outcome is the fault of the refusal, ACCEPTED whatever the call returns, or exactly what it returns.
    """

    message: str
    attempt: Callable[..., object]
    limit: int
    step: int = 1
    below: object = ACCEPTED
    at: object = ACCEPTED
    above: object = ACCEPTED

    def tries(self) -> tuple[tuple[int, object], ...]:
        return (
            (self.limit - self.step, self.below),
            (self.limit, self.at),
            (self.limit + self.step, self.above),
        )

    def faults(self) -> set[Fault]:
        return {outcome for outcome in (self.below, self.at, self.above) if isinstance(outcome, Fault)}


def check(boundary: Boundary) -> None:
    found = []
    for amount, wanted in boundary.tries():
        try:
            outcome = boundary.attempt(amount)
        except Refused as refused:
            outcome = refused.fault
        found.append(_judge(outcome, wanted))
    assert found == [wanted for _, wanted in boundary.tries()]


async def check_awaited(boundary: Boundary, attempt: Callable[[int], Awaitable[object]]) -> None:
    """As ``check``, with an attempt that is awaited."""
    found = []
    for amount, wanted in boundary.tries():
        try:
            outcome = await attempt(amount)
        except Refused as refused:
            outcome = refused.fault
        found.append(_judge(outcome, wanted))
    assert found == [wanted for _, wanted in boundary.tries()]


def _judge(outcome: object, wanted: object) -> object:
    return ACCEPTED if wanted == ACCEPTED and not isinstance(outcome, Fault) else outcome
