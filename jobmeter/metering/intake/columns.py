"""Owns the packing of decoded events into columns: keys, times, job ids, hashes. Pure.

Does not own which events count (``rules``). A batch is read a field at a time, never an event at a time: a Python
call for each event costs more than the database needs to store it.
"""

import socket
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import cast

import numpy as np
from xxhash import xxh3_64_digest, xxh3_128_digest

from jobmeter.base.readers.network import read_address
from jobmeter.base.readers.text import trim_text
from jobmeter.database.arrays import Column
from jobmeter.geo.countries import number_country
from jobmeter.metering.intake.agents import find_crawlers
from jobmeter.metering.model import EventColumns
from jobmeter.wire.events import (
    Event,
    Malformed,
    find_flaws,
    read_external_name,
    read_job_id,
    read_time_ms,
)

TIME_MS_MAX = 1 << 47
BAD_TIME = "time is neither milliseconds since 1970 nor an RFC 3339 instant with an offset"
BAD_ADDRESS = "address is not an IPv4 or IPv6 address"
UNREADABLE = -1
_SIGNED_MASK = (1 << 63) - 1
_BLANK = Event(source="", id="", type="view", time=0, job=0)

# Candidates come back: the networks of addresses seen before, so that most are not read again.
ADDRESSES_REMEMBERED_MAX = 200_000
_NUMBERS: dict[str | None, int] = {}

ExternalIds = Mapping[tuple[int, str], int]


def list_external_names(events: Sequence[Event | Malformed]) -> list[tuple[int, str]]:
    """The (child application, external id) pairs that name jobs in the batch."""
    names = {read_external_name(event) for event in events if isinstance(event, Event) and event.job is None}
    return sorted(name for name in names if name is not None)


def make_columns(events: Sequence[Event | Malformed], external_ids: ExternalIds) -> EventColumns:
    """The batch as columns. Rows that cannot be read have zeros and a flaw."""
    # One list comprehension and one numpy call per field, not per event. Events that cannot be read have been
    # replaced by a blank event, so the fields need no checks.
    sound, times, addresses, flaw_of = _read_sound(events)
    times_ms = np.array([time_ms or 0 for time_ms in times], dtype=np.int64)
    agents = [event.user_agent for event in sound]
    malformed, flaws = np.zeros(len(sound), dtype=bool), np.full(len(sound), None, dtype=object)
    keys = make_keys(_encode([f"{event.source}\0{event.id}" for event in sound]), times_ms)
    if flaw_of:
        malformed[list(flaw_of)], flaws[list(flaw_of)] = True, list(flaw_of.values())
        # The key of a malformed event is zero, not the hash of the blank event that replaces it.
        keys.view(np.uint8).reshape(len(sound), 16)[malformed] = 0
    return EventColumns(
        keys=keys,
        times_ms=times_ms,
        kinds=np.array([event.type == "applyClick" for event in sound], dtype=np.int64),
        job_ids=_read_job_ids(sound, external_ids),
        visitors=hash_visitors(_encode([event.visitor for event in sound])),
        addresses=addresses,
        crawlers=find_crawlers(agents, set(agents))
        | np.array([event.is_crawler is True for event in sound], dtype=bool),
        countries=number_countries([event.country for event in sound]),
        malformed=malformed,
        flaws=flaws,
    )


def _read_sound(
    events: Sequence[Event | Malformed],
) -> tuple[list[Event], list[int | None], Column, dict[int, str]]:
    """Events with a blank one for each that cannot be read, their times and networks, and by row what is wrong."""
    flaw_of = find_flaws(events)
    readable = (
        [_BLANK if row in flaw_of else event for row, event in enumerate(events)] if flaw_of else events
    )
    sound = list(cast("Sequence[Event]", readable))  # what is not an event has a flaw
    times = read_times([event.time for event in sound])
    for row in [row for row, time_ms in enumerate(times) if time_ms is None]:
        flaw_of[row] = BAD_TIME
        sound[row] = _BLANK
    addresses = number_addresses([event.address for event in sound])
    for row in np.flatnonzero(addresses == UNREADABLE).tolist():
        flaw_of[row] = BAD_ADDRESS
        sound[row], times[row], addresses[row] = _BLANK, None, 0
    return sound, times, addresses, flaw_of


def read_times(times: Sequence[int | str]) -> list[int | None]:
    """Milliseconds since 1970; ``None`` for what is no time, or one that a key cannot hold."""
    return [
        time_ms if time_ms is not None and 0 <= time_ms < TIME_MS_MAX else None
        for time_ms in [time if type(time) is int else read_time_ms(time) for time in times]
    ]


def make_keys(names: list[bytes], times_ms: Column) -> Column:
    """The keys of events of these names, each source and id with a zero byte between, at these times."""
    # One table of bytes, a row per key: the hash, whose first six bytes are then overwritten by the low six bytes of
    # the big-endian time.
    digests = b"".join(map(xxh3_128_digest, names))
    keys = np.frombuffer(digests, dtype=np.uint8).reshape(len(names), 16).copy()
    keys[:, :6] = times_ms.astype(">u8").view(np.uint8).reshape(len(names), 8)[:, 2:]
    return keys.view("V16").reshape(len(names))


def _encode(texts: list[str]) -> list[bytes]:
    try:
        return list(map(str.encode, texts))
    except UnicodeEncodeError:
        return [text.encode(errors="surrogatepass") for text in texts]


def _read_job_ids(events: list[Event], external_ids: ExternalIds) -> Column:
    # Most batches identify all jobs by number; only other batches are parsed event by event. Numbers that do not fit
    # into 63 bits cannot be job ids.
    numbers = [event.job for event in events if type(event.job) is int]
    if len(numbers) < len(events):
        numbers = [_read_job_id(event, external_ids) for event in events]
    return np.array([job if 0 < job <= _SIGNED_MASK else 0 for job in numbers], dtype=np.int64)


def _read_job_id(event: Event, external_ids: ExternalIds) -> int:
    if event.job is None:
        name = read_external_name(event)
        return 0 if name is None else external_ids.get(name, 0)
    return find_job_number(event.job)


def find_job_number(job: int | str | None) -> int:
    """The number of a job that is named by id or URN; 0 where it cannot be one's."""
    job_id = read_job_id(job)
    return job_id if job_id is not None and 0 < job_id <= _SIGNED_MASK else 0


def hash_visitors(visitors: list[bytes]) -> Column:
    """The number that represents each visitor; 0 where none is named."""
    # The sign bit is cleared because the database has no unsigned integers; an empty visitor is 0, not its hash.
    digests = b"".join(map(xxh3_64_digest, visitors))
    hashes = (np.frombuffer(digests, dtype=">u8") & _SIGNED_MASK).astype(np.int64)
    if b"" in visitors:
        hashes[[row for row, visitor in enumerate(visitors) if not visitor]] = 0
    return hashes


def key_halves(keys: Column) -> tuple[Column, Column]:
    """Sixteen-byte keys as two unsigned 64-bit columns, high and low, which numpy can sort."""
    # numpy cannot compare or sort raw bytes; two big-endian integers have the same order as the 16 bytes.
    halves = keys.view(np.dtype([("high", ">u8"), ("low", ">u8")]))
    return halves["high"].astype(np.uint64), halves["low"].astype(np.uint64)


def number_addresses(addresses: Sequence[str | None]) -> Column:
    """The network of each address, as ``address_number`` returns it; 0 where none is given."""
    # Most addresses have been seen before and need only a dictionary lookup; the others are packed together.
    known = list(map(_NUMBERS.get, addresses))
    if None not in known:
        return np.array(known, dtype=np.int64)
    new = [address for address, number in zip(addresses, known, strict=True) if number is None]
    if len(_NUMBERS) + len(new) > ADDRESSES_REMEMBERED_MAX:
        _NUMBERS.clear()
        return _read_addresses(addresses)
    read = zip(new, _read_addresses(new).tolist(), strict=True)
    # Text that is not an address can have any length, so it is not cached.
    _NUMBERS.update((address, number) for address, number in read if number != UNREADABLE)
    return np.array([_NUMBERS.get(address, UNREADABLE) for address in addresses], dtype=np.int64)


def _read_addresses(addresses: Sequence[str | None]) -> Column:
    # Addresses of one family have the same length, so all of them are packed as one table of bytes. Only if one is
    # invalid are they parsed one by one.
    numbers = np.full(len(addresses), UNREADABLE, dtype=np.int64)
    given = [address or "" for address in addresses]
    is_six = np.array([":" in address for address in given], dtype=bool)
    is_four = ~is_six if "" not in given else np.array(["." in address for address in given]) & ~is_six
    for family, rows in ((socket.AF_INET, is_four), (socket.AF_INET6, is_six)):
        chosen = np.flatnonzero(rows)
        texts = given if len(chosen) == len(given) else [given[row] for row in chosen.tolist()]
        try:
            numbers[chosen] = _pack_networks(list(map(partial(socket.inet_pton, family), texts)), family)
        except (OSError, ValueError):
            numbers[chosen] = list(map(address_number, texts))
    # No network of IPv6 has these bits: an IPv4 address inside one of IPv6 is read by itself, and so is no address.
    for row in np.flatnonzero(numbers <= 0).tolist():
        numbers[row] = address_number(given[row])
    return numbers


def _pack_networks(packed: list[bytes], family: socket.AddressFamily) -> Column:
    octets, kept, mark = (4, 3, 1 << 56) if family == socket.AF_INET else (16, 6, 0)
    # The octets that are kept become the low bytes of a big-endian integer, which saves a shift for each address.
    table = np.zeros((len(packed), 8), dtype=np.uint8)
    table[:, -kept:] = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(len(packed), octets)[:, :kept]
    return table.view(">i8").reshape(len(packed)).astype(np.int64) | mark


@lru_cache(maxsize=65_536)
def address_number(address: str) -> int:
    """The network of an address as a number: its first 24 bits, or 48 of IPv6; ``UNREADABLE`` where it is none.

    The rest of an address is never kept. 0 where no address is given, and for ``::/48``, which holds no visitor.
    """
    if not trim_text(address):
        return 0
    parsed = read_address(address)
    if parsed is None:
        return UNREADABLE
    if parsed.version == 4:
        return (int(parsed) >> 8) | (1 << 56)
    return int(parsed) >> 80


def number_countries(countries: Sequence[str | None]) -> Column:
    """Each country as ``number_country`` returns it; 0 where none is given."""
    # A batch contains few different countries; each code is looked up once.
    codes = {code: number_country(code) for code in set(countries) if code}
    if not codes:
        return np.zeros(len(countries), dtype=np.int64)
    return np.array([codes.get(code or "", 0) for code in countries], dtype=np.int64)
