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
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return (mapped or address).is_global and not (mapped or address).is_multicast
