"""Owns the storing of steps in tables of a database: one table for each stream, and one for the states.

Does not own the databases: each passes its types and its way to insert. The statements are in the SQL that all three have.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.protocol import DestinationBusyError
from jobmeter.pull.reading.reader import Batch, Step
from jobmeter.pull.reading.state import write_state
from jobmeter.pull.reading.streams import STREAMS, Kind, Row, Stream

STATES = "pull_states"


class Cursor(Protocol):
    def fetchall(self) -> Sequence[Any]: ...


class Database(Protocol):
    """An open database. ``insert_rows`` is its fastest way to execute an INSERT for each of many rows."""

    types: Mapping[Kind, str]
    mark: str
    begin: str

    def execute(self, statement: str, values: Sequence[object] = ()) -> Cursor: ...

    def insert_rows(self, statement: str, rows: Sequence[Row], kinds: Sequence[Kind]) -> None: ...

    def close(self) -> None: ...


class Tables:
    """A destination in a database. Each step is one transaction."""

    def __init__(self, open_database: Callable[[], Database]) -> None:
        self._database = open_database()
        self._texts: dict[str, str] = {}
        self._in_transaction(self._make_tables)

    def read_states(self) -> Mapping[str, str]:
        found = self._database.execute(f"SELECT application, state FROM {STATES}").fetchall()
        self._texts = dict(found)
        return dict(self._texts)

    def store(self, application: str, step: Step) -> None:
        text = write_state(step.state)

        def write() -> None:
            self._replace_state(application, text)
            for batch in step.batches:
                self._write(application, batch)

        self._in_transaction(write)
        self._texts[application] = text

    def drop(self, application: str) -> None:
        def write() -> None:
            mark = self._database.mark
            for table in (*STREAMS, STATES):
                self._database.execute(f"DELETE FROM {table} WHERE application = {mark}", (application,))

        self._in_transaction(write)
        self._texts.pop(application, None)

    def close(self) -> None:
        self._database.close()

    def _in_transaction(self, act: Callable[[], None]) -> None:
        self._database.execute(self._database.begin)
        try:
            act()
        except BaseException:
            with suppress(CommandFailed):  # what failed may have ended the transaction
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _make_tables(self) -> None:
        types = self._database.types
        for stream in STREAMS.values():
            columns = ", ".join(
                f"{name} {types[kind]}{' NOT NULL' if name in stream.keys else ''}"
                for name, kind in stream.columns.items()
            )
            keys = ", ".join(stream.keys)
            self._database.execute(
                f"CREATE TABLE IF NOT EXISTS {stream.name} ({columns}, PRIMARY KEY ({keys}))"
            )
        text = types[Kind.TEXT]
        columns = f"application {text} PRIMARY KEY, state {text} NOT NULL"
        self._database.execute(f"CREATE TABLE IF NOT EXISTS {STATES} ({columns})")

    def _replace_state(self, application: str, text: str) -> None:
        """Raises ``DestinationBusyError`` if another pull has stored a step meanwhile: its days may be newer than ours."""
        mark, before = self._database.mark, self._texts.get(application)
        found = self._database.execute(
            f"SELECT state FROM {STATES} WHERE application = {mark}", (application,)
        ).fetchall()
        if [state for (state,) in found] != ([] if before is None else [before]):
            raise DestinationBusyError(
                f"another pull has stored rows of {application} at the same time; try again"
            )
        self._database.execute(f"DELETE FROM {STATES} WHERE application = {mark}", (application,))
        self._database.execute(
            f"INSERT INTO {STATES} (application, state) VALUES ({mark}, {mark})", (application, text)
        )

    def _write(self, application: str, batch: Batch) -> None:
        stream, mark = batch.stream, self._database.mark
        if batch.days is not None:
            condition = f"application = {mark} AND day BETWEEN {mark} AND {mark}"
            values: list[object] = [application, *batch.days]
            if batch.contract is not None:
                condition += f" AND contract = {mark}"
                values.append(batch.contract)
            self._database.execute(f"DELETE FROM {stream.name} WHERE {condition}", values)
        if batch.rows:
            self._database.insert_rows(make_insert(stream), batch.rows, list(stream.columns.values()))


def make_insert(stream: Stream) -> str:
    """Returns an INSERT that replaces a row of the same key, without its VALUES, for ``{rows}``."""
    columns, keys = ", ".join(stream.columns), ", ".join(stream.keys)
    changes = ", ".join(f"{name} = excluded.{name}" for name in stream.columns if name not in stream.keys)
    return f"INSERT INTO {stream.name} ({columns}) {{rows}} ON CONFLICT ({keys}) DO UPDATE SET {changes}"
