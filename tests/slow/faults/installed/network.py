"""Owns a network that fails: a proxy between two parties that delays, cuts or swallows what they say.

Does not own when it does so (``nemesis``).
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_BYTES = 65_536
START_SECONDS_MAX = 10

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Weather:
    """What the network does now. ``swallows_answers``: what was asked arrives, its answer never does."""

    delay_seconds = 0.0
    swallows_answers = False


@dataclass(frozen=True)
class Proxy:
    """Runs in a thread of its own until ``close``. ``connect`` opens a connection to the other party."""

    connect: Callable[[], Awaitable[Streams]]
    listen: Callable[[Callable[..., Awaitable[None]]], Awaitable[asyncio.AbstractServer]]
    weather: Weather = field(default_factory=Weather)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def start(self) -> None:
        is_listening = threading.Event()
        threading.Thread(target=self._run, args=(is_listening,), daemon=True).start()
        assert is_listening.wait(START_SECONDS_MAX)

    def _run(self, is_listening: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        listening = self.loop.run_until_complete(self.listen(self._serve))
        is_listening.set()
        self.loop.run_forever()
        listening.close()  # the loop does not keep it

    def drop_all(self) -> None:
        """Ends every connection as a network does that is gone: without a farewell."""
        self.loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        self.drop_all()
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _abort(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await self.connect()
        except OSError:
            writer.transport.abort()
            return
        self.writers.update((writer, other_writer))
        try:
            asked = self._pass_on(reader, other_writer, is_answer=False)
            answered = self._pass_on(other_reader, writer, is_answer=True)
            await asyncio.gather(asked, answered)
        finally:
            for one in (writer, other_writer):
                self.writers.discard(one)
                one.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while chunk := await reader.read(CHUNK_BYTES):
                if self.weather.delay_seconds:
                    await asyncio.sleep(self.weather.delay_seconds)
                if is_answer and self.weather.swallows_answers:
                    break
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort() if is_answer else writer.close()


def between_clients_and_server(listening: socket.socket, server_port: int) -> Proxy:
    return Proxy(
        connect=lambda: asyncio.open_connection("127.0.0.1", server_port),
        listen=lambda serve: asyncio.start_server(serve, sock=listening),
    )


def between_server_and_database(socket: Path, database_socket: Path) -> Proxy:
    return Proxy(
        connect=lambda: asyncio.open_unix_connection(database_socket),
        listen=lambda serve: asyncio.start_unix_server(serve, socket),
    )
