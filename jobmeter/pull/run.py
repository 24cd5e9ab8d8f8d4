"""Owns a pull of many applications at once: threads, each with one application at a time, and what became of each.

The failure of one application does not stop the others; a failure of the destination stops all.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jobmeter.base.faults import CommandFailed
from jobmeter.client.client import Client
from jobmeter.client.http.errors import (
    ClientError,
    NoResponseError,
    RefusedError,
    ThrottledError,
    UnreadableError,
)
from jobmeter.pull.destinations.protocol import Destination, DestinationBusyError
from jobmeter.pull.reading.configuration import Application
from jobmeter.pull.reading.reader import ANY_CONTRACT, Step, Wanted, read_steps
from jobmeter.pull.reading.state import State, read_state

SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was pulled of an application: days, and rows by stream. ``is_temporary``: the same pull may succeed later."""

    application: str
    days: int
    rows: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    is_temporary: bool = False


class Watcher(Protocol):
    """Is notified of progress, from any thread."""

    def plan(self, days: int) -> None:
        """So many more days are planned; fewer, if the number is below zero."""
        ...

    def advance(self, days: int) -> None: ...


OpenClient = Callable[[Application], Client]


class Pull:
    """A pull into a destination. ``states`` are those that it had before."""

    def __init__(self, destination: Destination, open_client: OpenClient, watcher: Watcher) -> None:
        self._destination = destination
        self._open_client = open_client
        self._watcher = watcher
        self._lock = threading.Lock()
        self._states = destination.read_states()

    def run(self, wanted: Sequence[Wanted], *, threads: int) -> Iterator[Outcome]:
        """Yields the outcome of each application as soon as it is known. Raises ``CommandFailed`` if the destination fails.

        The threads end with the process: an interruption need not wait for a server.
        """
        waiting: queue.SimpleQueue[Wanted] = queue.SimpleQueue()
        done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        for one in wanted:
            waiting.put(one)

        def work() -> None:
            try:
                while True:
                    done.put(self._pull(waiting.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:  # noqa: BLE001 -- raised again in the thread that waits
                done.put(error)

        for _ in range(min(threads, len(wanted))):
            threading.Thread(target=work, daemon=True).start()
        for _ in wanted:
            found = done.get()
            if isinstance(found, BaseException):
                raise found
            yield found

    def _pull(self, wanted: Wanted) -> Outcome:
        name, rows, days = wanted.application.name, Counter[str](), 0

        def end(error: str = "", *, is_temporary: bool = False) -> Outcome:
            return Outcome(application=name, days=days, rows=rows, error=error, is_temporary=is_temporary)

        try:
            state = find_state(self._states, wanted)
            client = self._open_client(wanted.application)
        except CommandFailed as error:
            return end(str(error))
        planned = wanted.count_days(state)
        self._watcher.plan(planned)
        try:
            with client:
                for step in read_steps(client, wanted, state):
                    self._store(name, step)
                    rows.update({batch.stream.name: len(batch.rows) for batch in step.batches})
                    days += step.days
                    self._watcher.advance(step.days)
        except ClientError as error:
            return end(str(error), is_temporary=may_pass(error))
        except DestinationBusyError as error:
            return end(str(error), is_temporary=True)
        finally:
            self._watcher.plan(days - planned)  # fewer after a failure, more if days were restated
        return end()

    def _store(self, application: str, step: Step) -> None:
        with self._lock:
            self._destination.store(application, step)


def find_state(states: Mapping[str, str], wanted: Wanted) -> State:
    """Raises ``CommandFailed`` if the application was pulled with other contracts: the same figures would be there twice."""
    name = wanted.application.name
    state = read_state(states[name], application=name) if name in states else State()
    others = set(state.job_days) - set(wanted.contracts)
    if others and (ANY_CONTRACT in others or ANY_CONTRACT in wanted.contracts):
        raise CommandFailed(
            f"{name} was pulled with other contracts, so that figures would be stored twice; pull it --again"
        )
    return state.choose_streams(frozenset(stream.name for stream in wanted.application.streams))


def may_pass(error: ClientError) -> bool:
    """Whether the same request may succeed later. (A token that cannot be had is no temporary error of one request.)"""
    if isinstance(error, RefusedError):
        return isinstance(error, ThrottledError) or error.status >= SERVER_ERRORS
    return isinstance(error, NoResponseError | UnreadableError)
