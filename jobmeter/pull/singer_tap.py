"""Owns the Singer tap ``jobmeter-tap``: the streams of a pull for any Singer target. Requires ``jobmeter[singer]``.

Its configuration is that of ``jobmeter pull``. A tap cannot remove rows: targets replace those with the same key.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import singer_sdk
from singer_sdk import typing as th

from jobmeter.pull.reading.configuration import Application
from jobmeter.pull.reading.reader import Wanted
from jobmeter.pull.reading.streams import Kind, Stream
from jobmeter.pull.single_stream import list_streams, list_wanted, read_records

TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: th.StringType,
    Kind.WHOLE: th.IntegerType,
    Kind.DAY: th.DateType,
    Kind.MOMENT: th.DateTimeType,
    Kind.TRUTH: th.BooleanType,
}
STATE = "jobmeter"


class NumbersStream(singer_sdk.Stream):
    """A stream of all applications that read it; each application is a partition with a state of its own."""

    def __init__(self, tap: singer_sdk.Tap, stream: Stream, wanted: Iterable[Wanted]) -> None:
        properties = [
            th.Property(name, TYPES[kind], required=name in stream.keys)
            for name, kind in stream.columns.items()
        ]
        super().__init__(tap, name=stream.name, schema=th.PropertiesList(*properties).to_dict())
        self.primary_keys = stream.keys
        # A full table would let a target delete what this run does not bring; a key would let the library keep its own state.
        self.forced_replication_method = "LOG_BASED"
        self._stream = stream
        self._wanted = {one.application.name: one for one in wanted if one.has(stream)}

    @property
    def partitions(self) -> list[dict[str, Any]]:
        return [{"application": name} for name in self._wanted]

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        """Yields the records; the state follows each step, so that an interrupted run is continued."""
        assert context is not None
        name, kept = context["application"], self.get_context_state(context)
        states = {name: kept[STATE]} if STATE in kept else {}
        for records in read_records(self._wanted[name], self._stream, states, Application.open_client):
            if name in states and states[name] != kept.get(STATE):
                kept[STATE] = states[name]
                self._write_state_message()
            yield from records
        if name in states:
            kept[STATE] = states[name]


class JobmeterTap(singer_sdk.Tap):
    """The figures of applications at Jobmeter servers and at LinkedIn."""

    name = "jobmeter-tap"
    config_jsonschema = th.PropertiesList(
        th.Property(
            "config", th.StringType, required=True, description="Configuration file of jobmeter pull."
        ),
        th.Property("today", th.DateType, description="UTC day to count as today; default: the machine's."),
    ).to_dict()

    def discover_streams(self) -> list[singer_sdk.Stream]:
        today = self.config.get("today")
        wanted = list_wanted(self.config["config"], today=date.fromisoformat(today) if today else None)
        return [NumbersStream(self, stream, wanted) for stream in list_streams(wanted)]
