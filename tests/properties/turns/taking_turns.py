"""Owns flows that take turns: before each exchange with the database a flow waits until the seed chooses it.

One process, one event loop, the real PostgreSQL. Between two exchanges only the flow that was chosen runs, and one that waits for a
lock is left waiting until another gives it back; so the same seed gives the same history. At an exchange the connection may be lost,
before it or after it: then what it did is done, and nobody receives the result. Does not own the flows or any expectation.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from jobmeter.database.pool import RECONNECT_SECONDS, Database

LOOK_SECONDS = 0.002  # an exchange that takes longer may wait for a lock
SECONDS_MAX = 30
LOSSES_MAX = 4  # of a flow: one with hundreds of exchanges would never end
BLOCKED = "SELECT pg_blocking_pids(%s) <> '{}'"
TERMINATE = "SELECT pg_terminate_backend(%s, 5000)"

FLOW: ContextVar["Flow | None"] = ContextVar("FLOW", default=None)


class Flow:
    """A flow and where it is: it runs, is parked before an exchange, or waits for the database in one (``backend``)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gate: asyncio.Future[str] | None = None
        self.backend = 0
        self.was_blocked = False
        self.lost = 0


class Movement:
    """Wakes who waits for a flow to park or to end."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[bool] | None = None

    def report(self, *_: object) -> None:
        self._wake(has_moved=True)

    def _wake(self, *, has_moved: bool) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(has_moved)

    async def wait(self, seconds: float) -> bool:
        """Whether a flow has moved within so many seconds."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(seconds, partial(self._wake, has_moved=False))
        try:
            return await self._waiting
        finally:
            timer.cancel()


@dataclass(frozen=True)
class Turns:
    """``history`` has each turn: whose it was, and what happened to the connection (``-``: nothing)."""

    rng: Random
    losses: float
    observer: AsyncConnection[TupleRow]
    history: list[tuple[str, str]] = field(default_factory=list)
    movement: Movement = field(default_factory=Movement)

    async def run(self, flows: dict[str, Callable[[], Awaitable[None]]]) -> None:
        """Runs all flows to their ends."""
        running = {Flow(name): act for name, act in flows.items()}
        tasks = {
            flow: asyncio.create_task(_begin(flow, act), name=flow.name) for flow, act in running.items()
        }
        for task in tasks.values():
            task.add_done_callback(self.movement.report)
        while left := [flow for flow, task in tasks.items() if not task.done()]:
            await self._settle(left, tasks)
            ready = [flow for flow in left if flow.gate is not None and not tasks[flow].done()]
            if ready:
                self._choose(ready)
        await asyncio.gather(*tasks.values())

    def _choose(self, ready: list[Flow]) -> None:
        flow = self.rng.choice(ready)
        # A flow that continues after a lock has made its exchange already.
        may_lose = not flow.was_blocked and flow.lost < LOSSES_MAX
        fate = "-"
        if may_lose and self.rng.random() < self.losses:
            fate = self.rng.choice(("before", "after"))
            flow.lost += 1
        flow.was_blocked = False
        self.history.append((flow.name, fate))
        gate, flow.gate = flow.gate, None
        assert gate is not None
        gate.set_result(fate)

    async def _settle(self, flows: list[Flow], tasks: dict[Flow, "asyncio.Task[None]"]) -> None:
        """Until every flow is parked, has ended, or waits for a lock that another one holds."""
        give_up_at = asyncio.get_running_loop().time() + SECONDS_MAX
        while True:
            moving = [flow for flow in flows if flow.gate is None and not tasks[flow].done()]
            # Those that waited for a lock are asked at once: the last turn may have given it back.
            is_expected = any(not flow.was_blocked for flow in moving)
            if is_expected and await self.movement.wait(LOOK_SECONDS):
                continue
            blocked = [flow for flow in moving if flow.backend and await self._is_blocked(flow.backend)]
            for flow in blocked:
                flow.was_blocked = True
            # One that was found blocked may have continued while the others were asked.
            if len(blocked) == len(moving) and all(flow.gate is None for flow in blocked):
                return
            assert asyncio.get_running_loop().time() < give_up_at, [flow.name for flow in moving]
            await asyncio.sleep(0)

    async def _is_blocked(self, backend: int) -> bool:
        found = await (await self.observer.execute(BLOCKED, [backend])).fetchone()
        return found is not None and bool(found[0])

    async def take_turn(self, flow: Flow) -> str:
        flow.backend = 0
        flow.gate = asyncio.get_running_loop().create_future()
        self.movement.report()
        return await flow.gate

    async def lose(self, connection: AsyncConnection[TupleRow]) -> None:
        """Ends the connection's process of the server; what was not committed is rolled back when this returns."""
        await self.observer.execute(TERMINATE, [connection.info.backend_pid])


async def _begin(flow: Flow, act: Callable[[], Awaitable[None]]) -> None:
    FLOW.set(flow)
    await act()


class TurnConnection(AsyncConnection[TupleRow]):
    """``turns`` are those of the pool that it belongs to."""

    turns: Turns | None = None

    async def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.1) -> Any:
        flow, turns = FLOW.get(), self.turns
        if flow is None or turns is None or self.closed:
            return await super().wait(gen, interval)
        fate = await turns.take_turn(flow)
        if fate == "before":
            await turns.lose(self)
        flow.backend = self.info.backend_pid
        try:
            made = await super().wait(gen, interval)
        finally:
            flow.backend = 0
            if flow.was_blocked:
                await turns.take_turn(flow)
        if fate == "after":
            await turns.lose(self)
            self.pgconn.finish()
            raise psycopg.OperationalError("the connection is lost")
        return made


class TurnDatabase(Database):
    """A database whose connections take turns."""

    turns: Turns | None = None

    def _make_pool(
        self, _: Any, prepare: Any, connections_max: int, wait_seconds: float, *, connections_min: int = 0
    ) -> Any:
        async def prepare_and_join(connection: AsyncConnection[TupleRow]) -> None:
            await prepare(connection)
            assert isinstance(connection, TurnConnection)
            connection.turns = self.turns

        return AsyncConnectionPool(
            self.url,
            connection_class=TurnConnection,
            min_size=connections_max if connections_min else 0,
            max_size=connections_max,
            open=False,
            configure=prepare_and_join,
            timeout=wait_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
            name="turns",
        )


@asynccontextmanager
async def open_turns(
    url: str, rng: Random, *, losses: float, flows_max: int
) -> AsyncIterator[tuple[TurnDatabase, Turns]]:
    """``losses`` is the share of exchanges at which the connection is lost."""
    observer = await AsyncConnection.connect(url, autocommit=True)
    async with observer:
        observer.prepare_threshold = 1
        turns = Turns(rng, losses, observer)
        database = TurnDatabase(url, connections_max=flows_max, wait_seconds=SECONDS_MAX)
        database.turns = turns
        await database._pool.open(wait=True)
        await database._keyed_pool.open()
        try:
            yield database, turns
        finally:
            await database.close()
