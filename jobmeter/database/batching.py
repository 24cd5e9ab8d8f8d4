"""Owns grouping: what is asked for at the same time goes to the database together, and each asker gets its own answer.

Does not own what is asked or how a group is carried out. One grouper of a kind lives in each process.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.outages import is_outage
from jobmeter.telemetry.logs.flow import begin_work, current_work
from jobmeter.telemetry.logs.model import SharedWork, Work
from jobmeter.telemetry.traces.flow import group_span

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

GROUP_ROWS_MAX = 1_000
WAITING_ROWS_MAX = 20_000
GROUPS_AT_ONCE_MAX = 2


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Asked, Answer]):
    asked: Asked
    done: "asyncio.Future[Answer]"
    work: Work | None


class Batcher(Generic[Asked, Answer]):
    """``submit`` returns what came of one asker's part once its group is carried out.

    ``carry_out`` begins after all of its group have asked, and returns an answer for each. While groups are on their
    way the next one gathers, and begins when one of them has ended: the wait adapts to the load. Where none is,
    a group gathers for ``window_ms``. With ``parts_on_failure`` a group that the database refuses is asked again one by
    one, so that no request fails because of another; not where the server as a whole fails. With ``part_of`` those of a
    group with the same part are carried out together, one part after another, and each fails for itself.
    """

    def __init__(
        self,
        carry_out: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]],
        *,
        window_ms: int = 0,
        rows_max: int = GROUP_ROWS_MAX,
        parts_on_failure: bool = False,
        part_of: Callable[[Asked], int] | None = None,
    ) -> None:
        self._carry_out = carry_out
        self._window_seconds = window_ms / 1_000
        self._rows_max = rows_max
        self._parts_on_failure = parts_on_failure
        self._part_of = part_of
        self._waiting: list[_Waiting[Asked, Answer]] = []
        self._groups: set[asyncio.Task[None]] = set()
        self._gathering = False

    async def submit(self, asked: Asked) -> Answer:
        """Raises ``Refused(OVERLOADED)`` where more wait than the process takes on, or whatever the group raised."""
        if len(self._waiting) >= WAITING_ROWS_MAX:
            raise Refused(Fault.OVERLOADED)
        waiting: _Waiting[Asked, Answer] = _Waiting(
            asked, asyncio.get_running_loop().create_future(), current_work()
        )
        self._waiting.append(waiting)
        if not self._gathering and len(self._groups) < GROUPS_AT_ONCE_MAX:
            self._gathering = True
            asyncio.get_running_loop().call_later(self._window_seconds, self._start_group)
        return await waiting.done

    def _start_group(self) -> None:
        self._gathering = False
        group, self._waiting = self._waiting[: self._rows_max], self._waiting[self._rows_max :]
        if not group:
            return
        task = asyncio.get_running_loop().create_task(self._answer(group))
        self._groups.add(task)
        task.add_done_callback(self._end_group)

    def _end_group(self, task: asyncio.Task[None]) -> None:
        self._groups.discard(task)
        if self._waiting and not self._gathering:
            self._start_group()

    async def _answer(self, group: list[_Waiting[Asked, Answer]]) -> None:
        # The task inherits the request that happened to begin it.
        work = SharedWork([waiting.work for waiting in group])
        begin_work(work)
        with group_span(work):
            for part in self._divide(group):
                await self._answer_together(part)

    def _divide(self, group: list[_Waiting[Asked, Answer]]) -> Iterable[list[_Waiting[Asked, Answer]]]:
        if self._part_of is None:
            return [group]
        parts = defaultdict(list)
        for waiting in group:
            parts[self._part_of(waiting.asked)].append(waiting)
        return [parts[number] for number in sorted(parts)]

    async def _answer_together(self, group: list[_Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._carry_out([waiting.asked for waiting in group])
            assert len(answers) == len(group)
        except Exception as error:  # noqa: BLE001 -- each waiting caller receives it
            is_of_one = isinstance(error, psycopg.Error) and not is_outage(error)
            if self._parts_on_failure and len(group) > 1 and is_of_one:
                await asyncio.gather(*(self._answer([waiting]) for waiting in group))
                return
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_exception(error)
            return
        for waiting, answer in zip(group, answers, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(answer)
