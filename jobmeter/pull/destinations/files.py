"""Owns a folder as a destination: ``STREAM/APPLICATION/2026-11.csv``, or ``all.csv`` where a stream has no months.

A file is replaced as a whole, and the state last: what is stored again after a kill replaces the same rows.
"""

import os
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from jobmeter.base.faults import CommandFailed
from jobmeter.pull.destinations.formats import Csv, FileFormat, JsonLines
from jobmeter.pull.destinations.protocol import Destination, DestinationBusyError
from jobmeter.pull.reading.reader import Batch, Step
from jobmeter.pull.reading.state import write_state
from jobmeter.pull.reading.streams import STREAMS, Row, Stream

STATES = "pull_states"
EVERYTHING = "all"


class Folder:
    """A destination in a folder, which one pull at a time uses."""

    def __init__(self, root: Path, file_format: FileFormat) -> None:
        self._root = root
        self._format = file_format
        root.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(root / ".lock")

    def read_states(self) -> Mapping[str, str]:
        found = self._root.joinpath(STATES).glob("*.json")
        return {path.stem: path.read_text(encoding="utf-8") for path in found}

    def store(self, application: str, step: Step) -> None:
        try:
            for batch in step.batches:
                for part, rows in self._group(batch).items():
                    self._merge(application, batch, part, rows)
            state = self._state_of(application)
            draft = _draft_of(state)
            draft.write_text(write_state(step.state), encoding="utf-8")
            _finish(draft, state)
        except OSError as error:
            raise CommandFailed(f"{self._root}: {error}") from error

    def drop(self, application: str) -> None:
        """The state goes first: without it, all rows are pulled again and replace those that are left."""
        self._state_of(application).unlink(missing_ok=True)
        for stream in STREAMS:
            shutil.rmtree(self._root / stream / application, ignore_errors=True)

    def close(self) -> None:
        self._lock.close()

    def _state_of(self, application: str) -> Path:
        return self._root / STATES / f"{application}.json"

    def _group(self, batch: Batch) -> Mapping[str, list[Row]]:
        """Returns the rows by the part of the file. A month whose rows have all gone has a part too."""
        parts: defaultdict[str, list[Row]] = defaultdict(list)
        if batch.days is not None:
            parts[_month_of(batch.days.first)] = []
        for row in batch.rows:
            parts[_part_of(batch.stream, row)].append(self._format.clean(row))
        return parts

    def _merge(self, application: str, batch: Batch, part: str, rows: list[Row]) -> None:
        path = self._root / batch.stream.name / application / f"{part}.{self._format.suffix}"
        if not rows and not path.exists():
            return
        stored = self._format.read(path, batch.stream) if path.exists() else []
        width = len(batch.stream.keys)
        merged = {row[:width]: row for row in (*_keep(batch, stored), *rows)}
        draft = _draft_of(path)
        self._format.write(draft, batch.stream, sorted(merged.values(), key=lambda row: row[:width]))
        _finish(draft, path)


def _keep(batch: Batch, rows: Iterable[Row]) -> Iterator[Row]:
    """Yields the stored rows that the batch does not replace by its days."""
    day = batch.stream.indexes.get("day", 0)
    contract = batch.stream.indexes.get("contract", 0)
    for row in rows:
        stored_day = row[day]
        is_replaced = (
            batch.days is not None
            and isinstance(stored_day, date)
            and batch.days.contains(stored_day)
            and batch.contract in {None, row[contract]}
        )
        if not is_replaced:
            yield row


def _part_of(stream: Stream, row: Row) -> str:
    if not stream.month_column:
        return EVERYTHING
    value = row[stream.indexes[stream.month_column]]
    assert isinstance(value, date)
    return _month_of(value.astimezone(UTC) if isinstance(value, datetime) else value)


def _month_of(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _draft_of(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.new")


def _finish(draft: Path, path: Path) -> None:
    """The bytes reach the disk before the name does."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(path)


def _lock(path: Path) -> sqlite3.Connection:
    """SQLite's lock of a file ends with the process, however it ends, on every system."""
    lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise DestinationBusyError(f"another pull writes to {path.parent}; try again") from error
    return lock


def open_folder(place: str, file_format: FileFormat) -> Destination:
    try:
        return Folder(Path(place).expanduser(), file_format)
    except OSError as error:
        raise CommandFailed(f"{place}: {error}") from error


def open_csv(place: str) -> Destination:
    return open_folder(place, Csv())


def open_jsonl(place: str) -> Destination:
    return open_folder(place, JsonLines())
