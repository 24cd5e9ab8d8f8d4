"""Owns parsing address networks into the numbers that intake stores, and selecting networks by their ASN. Pure."""

import csv
from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address, ip_network, summarize_address_range

from jobmeter.base.faults import Fault, Refused
from jobmeter.settlement.model import NetworkSpan

# The stored part of an address: 24 bits, marked, or 48 bits of IPv6 (see jobmeter.metering.intake.columns).
KEPT_BITS = {4: 24, 6: 48}
MARKS = {4: 1 << 56, 6: 0}
SPAN_BITS_MAX = 20
NETWORKS_MAX = 500_000


def read_networks(texts: Iterable[str]) -> tuple[list[NetworkSpan], int]:
    """Returns the networks of a list, and how many are too narrow to be distinguished from their neighbours.

    Raises ``Refused(OPERATOR_INPUT)`` for text that is not a network, or for a network that is too wide.
    """
    spans, too_narrow = [], 0
    for text in texts:
        try:
            network = ip_network(text.strip())
        except ValueError as error:
            raise Refused(Fault.OPERATOR_INPUT, field="networks", why=str(error)) from error
        kept = KEPT_BITS[network.version]
        if network.prefixlen > kept:
            too_narrow += 1
            continue
        if kept - network.prefixlen > SPAN_BITS_MAX:
            raise Refused(Fault.OPERATOR_INPUT, field="networks", why=f"{text[:60]} is too wide")
        first = (int(network.network_address) >> (network.max_prefixlen - kept)) | MARKS[network.version]
        spans.append(NetworkSpan(first, first + (1 << (kept - network.prefixlen)) - 1))
    return spans, too_narrow


def select_networks(lines: Iterable[str], asns: Collection[int]) -> list[str]:
    """Returns the networks of some autonomous systems from a CSV, whose other rows are not kept.

    The first line names the columns: ``asn``, and either ``network`` or ``start`` and ``end``; others are ignored.
    Raises ``Refused(OPERATOR_INPUT)`` with the line that cannot be read.
    """
    reader = csv.DictReader(lines)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if "asn" not in names or not ("network" in names or {"start", "end"} <= names.keys()):
        why = "the first line must name the columns asn and network, or asn, start and end"
        raise Refused(Fault.OPERATOR_INPUT, field="line 1", why=why)
    found: list[str] = []
    for row in reader:
        named = {name: (row[column] or "").strip() for name, column in names.items()}
        number = named["asn"].upper().removeprefix("AS")
        if not (number.isascii() and number.isdigit() and len(number) <= 10):
            raise Refused(Fault.OPERATOR_INPUT, field=f"line {reader.line_num}", why="asn is not a number")
        if int(number) in asns:
            found += _read_row(named, reader.line_num)
        if len(found) > NETWORKS_MAX:
            raise Refused(Fault.OPERATOR_INPUT, field="asn", why=f"more than {NETWORKS_MAX} networks")
    return found


def _read_row(named: dict[str, str], line: int) -> Iterator[str]:
    try:
        if named.get("network"):
            yield str(ip_network(named["network"], strict=False))
            return
        first, last = ip_address(named["start"]), ip_address(named["end"])
        yield from map(str, summarize_address_range(first, last))
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(Fault.OPERATOR_INPUT, field=f"line {line}", why=str(error)) from error
