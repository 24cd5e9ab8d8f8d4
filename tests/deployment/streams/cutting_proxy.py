"""Owns a proxy between a consumer and its broker, which cuts connections. Does not own any expectation."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HOST = "127.0.0.1"


class CuttingProxy:
    """Passes everything on, and names itself where the broker names its own address: clients come back to it."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._connections: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, HOST, 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.cuts = 0

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def cut(self) -> int:
        """Ends all connections, in the middle of whatever they carry; returns how many there were."""
        return self._run(self._cut())

    def stop(self) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, act: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(30)

    async def _cut(self) -> int:
        count = len(self._connections)
        for writer in self._connections:
            writer.transport.abort()
        self.cuts += count
        return count

    async def _stop(self) -> None:
        self._server.close()
        await self._cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(HOST, self._broker_port)
        both = {writer, broker_writer}
        self._connections |= both
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass_on(reader, broker_writer))
                tasks.create_task(self._pass_answers(broker_reader, writer))
        except* (OSError, EOFError):
            pass
        finally:
            self._connections -= both
            for one in both:
                one.transport.abort()

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Frame by frame, because an address may be anywhere in one."""
        own, of_broker = (HOST.encode() + port.to_bytes(4, "big") for port in (self.port, self._broker_port))
        while True:
            head = await reader.readexactly(4)
            frame = await reader.readexactly(int.from_bytes(head, "big"))
            writer.write(head + frame.replace(of_broker, own))
            await writer.drain()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    raise EOFError


@contextmanager
def start_proxy(broker_port: int) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(broker_port)
    try:
        yield proxy
    finally:
        with contextlib.suppress(TimeoutError):
            proxy.stop()
