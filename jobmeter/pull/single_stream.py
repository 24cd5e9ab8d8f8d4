"""Owns the reading of one stream for programs that store rows and states in their own way.

Does not own their protocols (``singer_tap``, ``dlt_source``).
"""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import day_of
from jobmeter.client.client import Client
from jobmeter.pull.reading.configuration import Application, read_configuration
from jobmeter.pull.reading.reader import Wanted, read_steps
from jobmeter.pull.reading.state import write_state
from jobmeter.pull.reading.streams import STREAMS, Stream
from jobmeter.pull.run import find_state

OpenClient = Callable[[Application], Client]
Record = dict[str, Any]


def list_wanted(config: str, *, today: date | None) -> Sequence[Wanted]:
    """Returns the applications of a configuration file. Raises ``CommandFailed``."""
    configuration = read_configuration(Path(config).expanduser())
    chosen = today or day_of(read_machine_clock())
    return [
        Wanted(application=one, first=configuration.first, today=chosen) for one in configuration.applications
    ]


def list_streams(wanted: Sequence[Wanted]) -> Sequence[Stream]:
    """Returns the streams that at least one of the applications has."""
    return [stream for stream in STREAMS.values() if any(one.has(stream) for one in wanted)]


def read_records(
    wanted: Wanted, stream: Stream, states: MutableMapping[str, str], open_client: OpenClient
) -> Iterator[list[Record]]:
    """Yields the records of a stream step by step; ``states`` has the state after a step once the next one is requested.

    Each stream of an application has a state of its own. Raises ``ClientError``, ``CommandFailed``.
    """
    name = wanted.application.name
    alone = replace(wanted, application=replace(wanted.application, streams=(stream,)))
    state = find_state(states, alone)
    with open_client(wanted.application) as client:
        for step in read_steps(client, alone, state):
            for batch in step.batches:
                yield [dict(zip(stream.columns, row, strict=True)) for row in batch.rows]
            states[name] = write_state(step.state)
