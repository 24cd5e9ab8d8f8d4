"""Owns parsing address networks into the numbers that intake stores. Pure."""

from collections.abc import Iterable
from ipaddress import ip_network

from jobmeter.base.faults import Fault, Refused
from jobmeter.settlement.model import NetworkSpan

# The stored part of an address: 24 bits, marked, or 48 bits of IPv6 (see jobmeter.metering.intake.columns).
KEPT_BITS = {4: 24, 6: 48}
MARKS = {4: 1 << 56, 6: 0}
SPAN_BITS_MAX = 20


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
