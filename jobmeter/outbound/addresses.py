"""Owns which addresses the server connects to on behalf of a partner: hosts on the public internet, over TLS.

Does not own what is fetched from them or sent to them (``feeds``, ``notifications.dispatch.flow``).
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from jobmeter.base.readers.web_url import to_ascii_url


class AddressRefusedError(Exception):
    """The address may not be connected to; the message is one line with the reason."""


def find_address(url: str, *, is_sandbox: bool) -> str:
    """Resolves the URL's host to an address. Raises ``AddressRefusedError`` if it is not public.

    A sandbox may connect to any address, also without TLS.
    """
    parts = urlsplit(to_ascii_url(url))
    if parts.scheme != "https" and not (is_sandbox and parts.scheme == "http"):
        raise AddressRefusedError("only https URLs are allowed")
    if not parts.hostname or parts.username is not None:
        raise AddressRefusedError("the URL must have a host and no user name")
    found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not is_sandbox and not all(map(_is_public, addresses)):
        raise AddressRefusedError("the host is not on the public internet")
    return addresses[0]


def _is_public(text: str) -> bool:
    """Whether the address is one of the public internet's own, and does not contain another one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)  # the form in which some resolvers return an IPv4 address
    address = mapped or address
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED)
    is_isatap = int(address) >> 32 & 0xFCFFFFFF == _ISATAP
    return address in _UNICAST and not is_isatap and not any(address in network for network in _REFUSED)


# Everything else of IPv6 is reserved, local, or contains an IPv4 address: NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
# IPv4-compatible (::127.0.0.1), IPv4-translated (::ffff:0:127.0.0.1), site-local (fec0::/10).
_UNICAST = ipaddress.IPv6Network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: the IPv4 address is a part of it
        "3fff::/20",  # documentation
    )
)
_ISATAP = 0x00005EFE  # in the upper half of an interface id, the lower half is an IPv4 address
