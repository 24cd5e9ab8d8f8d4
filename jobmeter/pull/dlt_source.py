"""Owns the dlt source of the streams of a pull. Requires ``jobmeter[dlt]``.

Its configuration is that of ``jobmeter pull``; dlt keeps the states, with the rows, in its destination.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dlt

from jobmeter.pull.reading.configuration import Application
from jobmeter.pull.reading.reader import Wanted
from jobmeter.pull.reading.streams import Kind, Stream
from jobmeter.pull.single_stream import list_streams, list_wanted, read_records

TYPES = {
    Kind.TEXT: "text",
    Kind.WHOLE: "bigint",
    Kind.DAY: "date",
    Kind.MOMENT: "timestamp",
    Kind.TRUTH: "bool",
}


@dlt.source(name="jobmeter")
def jobmeter_source(config: str = "pull.toml", today: date | None = None) -> Iterator[Any]:
    """Yields a resource for each stream. ``config`` is a configuration file of ``jobmeter pull``."""
    wanted = list_wanted(config, today=today)
    for stream in list_streams(wanted):
        # Of a stream by day, whole days are replaced.
        days = [key for key in stream.keys if key in {"application", "contract", "day"}]
        columns = {
            name: {"data_type": TYPES[kind], "nullable": name not in stream.keys}
            for name, kind in stream.columns.items()
        }
        yield dlt.resource(
            _read(stream, [one for one in wanted if one.has(stream)]),
            name=stream.name,
            write_disposition="merge",
            primary_key=list(stream.keys),
            merge_key=days if stream.month_column == "day" else None,
            columns=columns,
        )


def _read(stream: Stream, wanted: list[Wanted]) -> Any:
    def read() -> Iterator[list[dict[str, Any]]]:
        states = dlt.current.resource_state().setdefault("states", {})
        for one in wanted:
            yield from read_records(one, stream, states, Application.open_client)

    return read
