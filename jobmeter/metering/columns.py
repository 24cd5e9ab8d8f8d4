"""Owns the packing of decoded events into columns: keys, times, job ids, hashes. Pure.

Does not own which events count (``rules``).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address

import crawleruseragents
import numpy as np
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from jobmeter.metering.model import EventColumns
from jobmeter.store.arrays import Column
from jobmeter.wire.events import (
    Event,
    Malformed,
    find_flaw,
    read_external_name,
    read_job_id,
    read_time_ms,
)

TIME_MS_MAX = 1 << 47
_SIGNED_MASK = (1 << 63) - 1

ExternalIds = Mapping[tuple[int, str], int]


def list_external_names(events: Sequence[Event | Malformed]) -> list[tuple[int, str]]:
    """The (child application, external id) pairs that name jobs in the batch."""
    names = {read_external_name(event) for event in events if isinstance(event, Event) and event.job is None}
    return sorted(name for name in names if name is not None)


def make_columns(events: Sequence[Event | Malformed], external_ids: ExternalIds) -> EventColumns:
    """The batch as columns. Rows that cannot be read have zeros and a flaw."""
    flaws: dict[int, str] = {}
    digests: list[bytes] = []
    rows: list[tuple[int, int, int, int, int, bool]] = []
    for index, event in enumerate(events):
        flaw = event.why if isinstance(event, Malformed) else find_flaw(event)
        time_ms = None if isinstance(event, Malformed) else read_time_ms(event.time)
        if flaw is None and (time_ms is None or not 0 <= time_ms < TIME_MS_MAX):
            flaw = "time is neither milliseconds since 1970 nor an RFC 3339 instant with an offset"
        if flaw is not None or isinstance(event, Malformed) or time_ms is None:
            flaws[index] = flaw or "unreadable"
            digests.append(bytes(16))
            rows.append((0, 0, 0, 0, 0, False))
            continue
        digests.append(xxh3_128_digest(f"{event.source}\0{event.id}".encode(errors="surrogatepass")))
        rows.append(
            (
                time_ms,
                event.type == "applyClick",
                _job_id(event, external_ids),
                xxh3_64_intdigest(event.visitor.encode(errors="surrogatepass")) & _SIGNED_MASK
                if event.visitor
                else 0,
                address_number(event.address) if event.address else 0,
                is_crawler(event.user_agent) if event.user_agent else False,
            )
        )
    return _pack(digests, rows, flaws)


def _job_id(event: Event, external_ids: ExternalIds) -> int:
    if event.job is None:
        name = read_external_name(event)
        return 0 if name is None else external_ids.get(name, 0)
    job_id = read_job_id(event.job)
    return job_id if job_id is not None and 0 < job_id <= _SIGNED_MASK else 0


def _pack(
    digests: list[bytes], rows: list[tuple[int, int, int, int, int, bool]], flaws: dict[int, str]
) -> EventColumns:
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 6)
    times = table[:, 0]
    keys = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(rows), 16).copy()
    keys[:, :6] = times.astype(">u8").view(np.uint8).reshape(len(rows), 8)[:, 2:]
    malformed = np.zeros(len(rows), dtype=bool)
    malformed[list(flaws)] = True
    return EventColumns(
        keys=keys.view("V16").reshape(len(rows)),
        times_ms=times,
        kinds=table[:, 1],
        job_ids=table[:, 2],
        visitors=table[:, 3],
        addresses=table[:, 4],
        crawlers=table[:, 5].astype(bool),
        malformed=malformed,
        flaws=flaws,
    )


def key_halves(keys: Column) -> tuple[Column, Column]:
    """Sixteen-byte keys as two unsigned 64-bit columns, high and low, which numpy can sort."""
    halves = keys.view(np.dtype([("high", ">u8"), ("low", ">u8")]))
    return halves["high"].astype(np.uint64), halves["low"].astype(np.uint64)


@lru_cache(maxsize=65_536)
def address_number(address: str) -> int:
    """The network of an address as a number: its first 24 bits, or 48 of IPv6; 0 where it is none.

    The rest of an address is never kept.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return 0
    if parsed.version == 4:
        return (int(parsed) >> 8) | (1 << 56)
    return int(parsed) >> 80


@lru_cache(maxsize=65_536)
def is_crawler(user_agent: str) -> bool:
    """Whether the public list of crawlers knows this user agent."""
    return bool(crawleruseragents.is_crawler(user_agent[:512]))
