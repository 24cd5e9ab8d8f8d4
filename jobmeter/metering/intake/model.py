"""Owns a batch between its reading and its reply, and what is kept of an event, a visitor and an address, found from what a
job board calls them. Pure.

Does not own the hashes: it asks intake's own packing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Self
from uuid import UUID

from jobmeter.charging.model import ChargeResult
from jobmeter.database.arrays import Column
from jobmeter.metering.intake.columns import address_number, make_columns
from jobmeter.metering.intake.rules import Filters
from jobmeter.metering.model import EventColumns
from jobmeter.wire.events import Event

ORIGIN_OFFSET_BYTES = 6
ADDRESS_BITS_OF_IPV6 = 48  # a network of IPv4 has a mark above them


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was read, or some of its rows: its number, and what they are judged by apart from exclusions."""

    number: int
    columns: EventColumns
    filters: Filters

    def select(self, rows: Column) -> Self:
        return replace(self, columns=self.columns.select(rows), filters=self.filters.select(rows))


@dataclass(frozen=True, slots=True)
class Taken:
    """The verdict on each row of a batch, the rows that were new, and what was charged for them."""

    verdicts: Column
    rows: Column
    charged: ChargeResult


def find_event_key(*, source: str, event_id: str, time: int | str) -> UUID | None:
    """The key under which the event is kept, or ``None`` where intake would not read such an event."""
    columns = _pack(Event(source=source, id=event_id, type="applyClick", time=time, job=1))
    return None if columns.malformed[0] else UUID(bytes=columns.keys[0].tobytes())


def find_origin(*, source: str, event_id: str) -> bytes | None:
    """The part of an event's key that depends on source and id only; ``None`` if intake refuses them."""
    key = find_event_key(source=source, event_id=event_id, time=0)
    return None if key is None else key.bytes[ORIGIN_OFFSET_BYTES:]


def find_origins(*, source: str, event_ids: Sequence[str]) -> list[bytes]:
    """The same of many events of one source, all of which intake would read."""
    columns = make_columns(
        [Event(source=source, id=event_id, type="applyClick", time=0, job=1) for event_id in event_ids], {}
    )
    assert not columns.malformed.any()
    return [key.tobytes()[ORIGIN_OFFSET_BYTES:] for key in columns.keys]


def show_network(number: int) -> str:
    """The network of ``find_address`` as text: what is kept of an address is not secret."""
    if number >> ADDRESS_BITS_OF_IPV6:
        return f"{IPv4Address((number & 0xFFFFFF) << 8)}/24"
    return f"{IPv6Address(number << 80)}/48"


def find_visitor(visitor: str) -> int:
    """The number that represents a visitor; 0 is an unknown one."""
    columns = _pack(Event(source="-", id="-", type="applyClick", time=0, job=1, visitor=visitor))
    return int(columns.visitors[0])


def find_address(address: str) -> int:
    """The number of an address's network; 0 if it is not an address."""
    return max(address_number(address), 0)


def _pack(event: Event) -> EventColumns:
    return make_columns([event], {})
