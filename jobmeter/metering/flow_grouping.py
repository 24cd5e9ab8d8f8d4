"""Owns the grouping of single events: what arrives within a few milliseconds commits together.

Does not own what an event is or whether it counts; ``take_in`` does. One grouper lives in each process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from jobmeter.wire.events import Event

Outcome = TypeVar("Outcome")

GROUP_ROWS_MAX = 1_000
WAITING_ROWS_MAX = 20_000
GROUPS_AT_ONCE_MAX = 2


class OverloadedError(Exception):
    """More single events wait than the process takes on; the sender should come back."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Outcome]):
    event: Event
    done: "asyncio.Future[Outcome]"


class EventGrouper(Generic[Outcome]):
    """``submit`` returns what came of one event once its group is committed.

    ``commit_group`` takes a group in, in a transaction of its own, and returns an outcome for each event. While
    a group commits the next one gathers, so the wait adapts to the load: a lone event waits ``window_ms``.
    """

    def __init__(
        self,
        commit_group: Callable[[Sequence[Event]], Awaitable[Sequence[Outcome]]],
        *,
        window_ms: int,
    ) -> None:
        self._commit_group = commit_group
        self._window_seconds = window_ms / 1_000
        self._waiting: list[_Waiting[Outcome]] = []
        self._groups: set[asyncio.Task[None]] = set()
        self._gathering = False

    async def submit(self, event: Event) -> Outcome:
        """Raises ``OverloadedError``, or whatever the commit of the group raised."""
        if len(self._waiting) >= WAITING_ROWS_MAX:
            raise OverloadedError
        waiting = _Waiting(event, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._gather()
        outcome: Outcome = await waiting.done
        return outcome

    def _gather(self) -> None:
        if self._gathering or len(self._groups) >= GROUPS_AT_ONCE_MAX:
            return
        self._gathering = True
        asyncio.get_running_loop().call_later(self._window_seconds, self._start_group)

    def _start_group(self) -> None:
        self._gathering = False
        group, self._waiting = self._waiting[:GROUP_ROWS_MAX], self._waiting[GROUP_ROWS_MAX:]
        if not group:
            return
        task = asyncio.get_running_loop().create_task(self._commit(group))
        self._groups.add(task)
        task.add_done_callback(self._end_group)

    def _end_group(self, task: asyncio.Task[None]) -> None:
        self._groups.discard(task)
        if self._waiting:
            self._gather()

    async def _commit(self, group: list[_Waiting[Outcome]]) -> None:
        try:
            outcomes = await self._commit_group([waiting.event for waiting in group])
            assert len(outcomes) == len(group)
        except Exception as error:  # noqa: BLE001 -- each of those who wait is told
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_exception(error)
            return
        for waiting, outcome in zip(group, outcomes, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(outcome)
