"""Owns the columns of batches whose records all have one shape: made without an object for each event.

What it reads, it reads as ``columns`` reads decoded events; a batch with any event that ``columns`` would find a flaw in is
left to it. Pure. Does not own where the fields are (``event_shapes``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, cast, overload

import numpy as np

from jobmeter.base.limits import EVENT_TEXT_CHARACTERS_MAX
from jobmeter.database.arrays import Column
from jobmeter.database.columns import Columns, Local
from jobmeter.metering.intake import known_networks
from jobmeter.metering.intake.agents import AGENTS_INLINE_MAX, find_crawlers, list_unknown_agents
from jobmeter.metering.intake.columns import (
    TIME_MS_MAX,
    UNREADABLE,
    find_job_number,
    hash_visitors,
    make_keys,
    number_addresses,
    number_countries,
    read_times,
)
from jobmeter.metering.intake.event_shapes import Shape, ShapedPiece
from jobmeter.metering.model import EventColumns
from jobmeter.wire.events import Event, read_one

# A piece costs a third of a millisecond, however few events it has: the other reader has read some hundred by then.
BYTES_MIN = 131_072
NEEDED = ("source", "id", "type", "time", "job")
TEXTS = ("source", "id", "type", "visitor", "userAgent", "address", "country")
# Events with these are rare, or name their jobs by what has to be looked up first.
LEFT = frozenset(Event.__struct_encode_fields__) - {*TEXTS, *NEEDED}


@dataclass(frozen=True, slots=True)
class RecordPlaces(Columns):
    """Where in the body each record is, and its user agent: nothing of the piece itself is kept."""

    record_starts: Local
    record_ends: Local
    agent_starts: Local
    agent_ends: Local

    @classmethod
    def of_piece(cls, piece: ShapedPiece) -> Self:
        nowhere = np.full(len(piece), -piece.offset)
        places = (*piece.records, *piece.spans.get("userAgent", (nowhere, nowhere)))
        return cls(*(place + piece.offset for place in places))


class ShapedEvents(Sequence[Event]):
    """A batch as columns. Single events are decoded when they are asked for: only for what is refused."""

    def __init__(self, body: bytes, places: RecordPlaces, columns: EventColumns) -> None:
        self.columns = columns
        self._body = body
        self._places = places

    def __len__(self) -> int:
        return len(self.columns)

    @overload
    def __getitem__(self, row: int) -> Event: ...

    @overload
    def __getitem__(self, row: slice) -> list[Event]: ...

    def __getitem__(self, row: int | slice) -> Event | list[Event]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        start, end = int(self._places.record_starts[row]), int(self._places.record_ends[row])
        return cast("Event", read_one(self._body[start:end]))

    def list_agents(self) -> list[str | None]:
        """The user agent of each event; an empty text, which is like none, where the events have none."""
        starts, ends = self._places.agent_starts.tolist(), self._places.agent_ends.tolist()
        return [self._body[start:end].decode() for start, end in zip(starts, ends, strict=True)]


def make_shaped_columns(piece: ShapedPiece) -> EventColumns | None:
    """The columns that ``make_columns`` makes of the same events decoded; ``None`` if one may have a flaw."""
    if not _is_known(piece.shape) or not _are_texts_sound(piece):
        return None
    is_click = piece.are("type", b"applyClick")
    times_ms, addresses = _read_times(piece), _number_addresses(piece)
    agents: list[str | None] = list(piece.list_texts("userAgent")) if "userAgent" in piece.spans else []
    if times_ms is None or addresses is None or not (is_click | piece.are("type", b"view")).all():
        return None
    different = set(agents)
    if len(list_unknown_agents(different, judges_browsers=False)) > AGENTS_INLINE_MAX:
        return None  # a thread matches so many
    rows = len(piece)
    return EventColumns(
        keys=make_keys(_name_events(piece), times_ms),
        times_ms=times_ms,
        kinds=is_click.astype(np.int64),
        job_ids=_read_job_ids(piece),
        visitors=hash_visitors(piece.list_bytes("visitor")) if "visitor" in piece.spans else _zeros(rows),
        addresses=addresses,
        crawlers=find_crawlers(agents, different) if agents else np.zeros(rows, dtype=bool),
        countries=_number_countries(piece) if "country" in piece.spans else _zeros(rows),
        malformed=np.zeros(rows, dtype=bool),
        flaws=np.full(rows, None, dtype=object),
    )


def _zeros(rows: int) -> Column:
    return np.zeros(rows, dtype=np.int64)


def _is_known(shape: Shape) -> bool:
    """Whether the fields have the types of an event's, and none is left out that an event needs. Others are ignored."""
    is_text = {field.name: field.is_text for field in shape.fields}
    has_needed = all(name in is_text for name in NEEDED) and LEFT.isdisjoint(is_text)
    return has_needed and all(is_text.get(name, True) for name in TEXTS)


def _are_texts_sound(piece: ShapedPiece) -> bool:
    limited = {name: piece.sizes(name) for name in ("source", "id", "visitor") if name in piece.spans}
    return all(
        sizes.max() <= EVENT_TEXT_CHARACTERS_MAX and (name == "visitor" or sizes.min() > 0)
        for name, sizes in limited.items()
    )


def _read_times(piece: ShapedPiece) -> Column | None:
    given = piece.numbers.get("time")
    if given is not None:
        return given if int(given.max()) < TIME_MS_MAX else None
    times = read_times(piece.list_texts("time"))
    return None if None in times else np.array(times, dtype=np.int64)


def _read_job_ids(piece: ShapedPiece) -> Column:
    if "job" in piece.numbers:
        return piece.numbers["job"]
    return np.array(list(map(find_job_number, piece.list_texts("job"))), dtype=np.int64)


def _number_addresses(piece: ShapedPiece) -> Column | None:
    if "address" not in piece.spans:
        return _zeros(len(piece))
    addresses = piece.read_words("address", known_networks.WORDS)
    is_short = piece.sizes("address") <= known_networks.CHARACTERS_MAX
    numbers, is_known = known_networks.SEEN.find(addresses)
    new = np.flatnonzero(~(is_known & is_short))
    if len(new):
        # Most addresses have been seen before; only the others, and long ones, are cut out and read one by one.
        numbers[new] = number_addresses(piece.list_texts("address", new))
        if (numbers[new] == UNREADABLE).any():
            return None
        new = new[is_short[new]]
        known_networks.SEEN.remember(addresses[new], networks=numbers[new])
    return numbers


def _number_countries(piece: ShapedPiece) -> Column:
    if piece.sizes("country").max() > 8:
        return number_countries(piece.list_texts("country"))
    # A piece has few different countries: each is read once.
    codes, rows = np.unique(piece.read_words("country", 1), return_inverse=True)
    return number_countries([code.decode() for code in codes.view("S8").tolist()])[rows.reshape(-1)]


def _name_events(piece: ShapedPiece) -> list[bytes]:
    """Source and id of each event, with a zero byte between."""
    starts, ends = piece.spans["source"]
    source = piece.buffer[int(starts[0]) : int(ends[0])]
    # A sender has one source as a rule: then it is not cut out of each record.
    if piece.are("source", source).all():
        return piece.list_bytes("id", before=source + b"\0")
    both = zip(piece.list_bytes("source"), piece.list_bytes("id"), strict=True)
    return [b"%b\0%b" % names for names in both]
