"""Owns a real server of NATS with JetStream, which can be killed and started again on its data. Does not own any expectation."""

import asyncio
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import nats
import nats.errors
from nats.js import JetStreamContext, api

from tests.slow.crash.installation import free_port
from tests.support.missing_part import find_programs

STREAM = "EVENTS"
START_SECONDS = 30


class NatsServer:
    """The process that it starts, it also ends."""

    def __init__(self, folder: Path) -> None:
        (self._program,) = find_programs("nats-server")
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, *subjects: str) -> str:
        """What JOBMETER_STREAM_URL is set to."""
        return f"nats://{self.address}/{STREAM}?" + "&".join(f"subject={subject}" for subject in subjects)

    def start(self) -> None:
        with (self.folder / "nats.log").open("ab") as log:
            place = ("-a", "127.0.0.1", "-p", str(self.port))
            self._process = subprocess.Popen(
                [self._program, "-js", "-sd", str(self.folder / "store"), *place],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Sends ``kill -9``: what it had written is there when it starts again."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_and_start(self) -> bool:
        """Returns that there was something to kill, as ``kill_until_read`` asks."""
        self.kill()
        self.start()
        return True

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    @asynccontextmanager
    async def connect(self) -> Any:
        """Yields the streams of the server, once it answers."""
        give_up_at = time.monotonic() + START_SECONDS
        while True:
            try:
                client = await nats.connect(f"nats://{self.address}", allow_reconnect=False, error_cb=_ignore)
                stream = client.jetstream()
                await stream.account_info()
                break
            except (nats.errors.Error, OSError):
                assert time.monotonic() < give_up_at, (self.folder / "nats.log").read_text()
                await asyncio.sleep(0.05)
        try:
            yield stream
        finally:
            await client.close()


async def _ignore(_: Exception) -> None:
    """While the server is dead, the library reports each attempt."""


@contextmanager
def start_nats(folder: Path) -> Iterator[NatsServer]:
    folder.mkdir(exist_ok=True)
    server = NatsServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def make_stream(stream: JetStreamContext, *subjects: str, **changed: Any) -> None:
    await stream.add_stream(api.StreamConfig(name=STREAM, subjects=list(subjects), **changed))


async def publish(
    stream: JetStreamContext, subject: str, values: Sequence[bytes], headers: dict[str, str] | None = None
) -> None:
    """Returns once the server has acknowledged every message."""
    acknowledged = [await stream.publish_async(subject, value, headers=headers) for value in values]
    await asyncio.gather(*acknowledged)
