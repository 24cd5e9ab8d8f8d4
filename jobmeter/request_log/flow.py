"""Owns the verbs of the request log: record, list, delete what is too old or too much; and the recorder of a process.

Does not own what is masked (``rules``).
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.database.throttled_log import ThrottledLog
from jobmeter.request_log import store
from jobmeter.request_log.model import AnsweredRequest, Depth, LogFilter, LoggedRequest, RequestRow
from jobmeter.request_log.rules import ERROR_STATUS_MIN, make_mark, shape_row

GATHER_SECONDS = 0.1
WRITE_SECONDS_MAX = 5  # a server that stops during an outage does not wait longer
WAITING_ROWS_MAX = 1_000
WAITING_BYTES_MAX = 32_000_000
BODY_BYTES_MAX = 200_000  # a larger one is not recorded: to mask it would keep other requests waiting
# Of one application and of all, in one process: much less than what an application may send, so that a busy one costs
# the database next to nothing, and the table stays near its size until the next sweep.
SHARE_PER_MINUTE = {Depth.OFF: 0, Depth.LINES: 100, Depth.BODIES: 1_000}
PER_MINUTE_MAX = 10_000

log = logging.getLogger("jobmeter.api")


async def record_requests(connection: Connection, rows: list[RequestRow]) -> None:
    await store.lock_log(connection)
    await store.insert_requests(connection, rows)


async def list_requests(connection: Connection, wanted: LogFilter) -> list[LoggedRequest]:
    """The oldest first after a number, the newest first before one, or from the newest on."""
    if wanted.after is not None:
        return await store.list_after(connection, wanted)
    return await store.list_before(connection, wanted)


async def find_request(connection: Connection, *, partner_id: int, number: int) -> LoggedRequest:
    """Returns a request of one of a partner's applications. Raises ``Refused(OPERATOR_UNKNOWN)``, also for another partner's."""
    found = await store.list_before(
        connection, LogFilter(partner_id=partner_id, before=number + 1, rows_max=1)
    )
    if not found or found[0].number != number:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="request", key=number)
    return found[0]


async def sweep_requests(
    connection: Connection, *, days: int, rows_max: int, delete_max: int, machine_now: datetime
) -> int:
    """Deletes up to ``delete_max`` requests that are older than ``days``, and as many beyond ``rows_max``.

    By the machine's time: what a sandbox has recorded must survive a move of its clock.
    """
    before = machine_now - timedelta(days=days)
    old = await store.delete_old_requests(connection, received_before=before, delete_max=delete_max)
    excess = await store.delete_excess_requests(connection, rows_max=rows_max, delete_max=delete_max)
    return max(old, excess)


async def erase_requests(connection: Connection, *, email: str) -> int:
    """Deletes recorded requests that name an address; returns how many."""
    return await store.erase_requests(connection, email=email)


class RequestRecorder:
    """Writes the requests of this process to the log, some at once, after they were answered.

    Never delays or fails a request: what cannot be written, and what exceeds an application's share, is counted and
    dropped. The next request that is recorded says how many were skipped.
    """

    def __init__(
        self,
        database: Database,
        *,
        depth: Depth,
        secret_key: str,
        write_seconds_max: float = WRITE_SECONDS_MAX,
    ) -> None:
        self._database = database
        self._write_seconds_max = write_seconds_max
        self._depth = depth
        self._secret_key = secret_key
        self._waiting: list[AnsweredRequest] = []
        self._waiting_bytes = 0
        self._minute: int | None = None
        self._recorded: Counter[int | None] = Counter()
        self._recorded_total = 0
        self._skipped: Counter[int | None] = Counter()
        self._wakeup, self._closing = asyncio.Event(), asyncio.Event()
        self._failures = ThrottledLog(log)
        self._task = asyncio.create_task(self._run()) if self.is_on else None

    @property
    def is_on(self) -> bool:
        return self._depth is not Depth.OFF

    def record(
        self, application_id: int | None, received_at: datetime, describe: Callable[[], AnsweredRequest]
    ) -> None:
        """Keeps a request until it is written. Most requests of a busy application are not, and are not described."""
        minute = int(received_at.timestamp()) // 60
        if minute != self._minute:
            self._minute = minute
            self._recorded.clear()
            self._recorded_total = 0
        is_full = len(self._waiting) >= WAITING_ROWS_MAX or self._recorded_total >= PER_MINUTE_MAX
        if is_full or self._recorded[application_id] >= SHARE_PER_MINUTE[self._depth]:
            self._skipped[application_id] += 1
            return
        self._recorded[application_id] += 1
        self._recorded_total += 1
        kept = self._limit_bodies(describe())
        self._waiting_bytes += len(kept.request_body) + len(kept.response_body)
        self._waiting.append(replace(kept, skipped=self._skipped.pop(application_id, 0)))
        self._wakeup.set()

    def _limit_bodies(self, answered: AnsweredRequest) -> AnsweredRequest:
        """Without the bodies that are not recorded: they would only use memory. That of an error holds its code."""
        room = BODY_BYTES_MAX if self._waiting_bytes < WAITING_BYTES_MAX else 0
        has_bodies = self._depth is Depth.BODIES
        is_error = answered.status >= ERROR_STATUS_MIN
        keeps_sent = has_bodies and len(answered.request_body) <= room
        keeps_returned = (has_bodies or is_error) and len(answered.response_body) <= room
        return replace(
            answered,
            request_body=answered.request_body if keeps_sent else b"",
            response_body=answered.response_body if keeps_returned else b"",
        )

    async def close(self) -> None:
        """Writes what is still waiting."""
        if self._task is not None:
            self._closing.set()
            self._wakeup.set()
            await self._task
            await self.write()

    async def _run(self) -> None:
        while not self._closing.is_set():
            await self._wakeup.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), GATHER_SECONDS)
            self._wakeup.clear()
            await self.write()

    async def write(self) -> None:
        """Writes what is waiting. An error is logged once a minute: the log of requests is no reason to fail."""
        answered, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not answered:
            return
        try:
            rows = await asyncio.to_thread(self._shape, answered)
            async with (
                asyncio.timeout(self._write_seconds_max),
                self._database.transaction() as connection,
            ):
                await record_requests(connection, rows)
        except Exception as error:  # noqa: BLE001 -- also an outage
            for one in answered:
                self._skipped[one.application_id] += 1 + one.skipped
            kind = type(error).__name__
            self._failures.log(logging.WARNING, "requests could not be recorded: %s", kind, kind=kind)

    def _shape(self, answered: Sequence[AnsweredRequest]) -> list[RequestRow]:
        def mark(token: str) -> str:
            return make_mark(token, secret_key=self._secret_key)

        return [shape_row(one, depth=self._depth, mark=mark) for one in answered]
