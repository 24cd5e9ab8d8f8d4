"""Owns the reading of an internet address in the spellings that servers, proxies and logs give it. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from jobmeter.base.readers.text import trim_text

_CHARACTERS_MAX = 80  # the longest spelling, with zone and port, is shorter
_PORT_MAX = 65_535


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address of ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``; ``None`` for others.

    An IPv4 address inside one of IPv6 (``::ffff:192.0.2.1``) is read as IPv4: it is the same visitor. A zone
    (``fe80::1%eth0``) means something on one machine alone, and is left out.
    """
    if len(text) > _CHARACTERS_MAX:
        return None
    bare, port = trim_text(text), ""
    if bare.startswith("["):
        bare, closing, port = bare[1:].partition("]")
        if not closing or (port and not port.startswith(":")):
            return None
    elif bare.count(":") == 1:
        bare, _, port = bare.partition(":")
        port = f":{port}"
    if port and not _is_port(port[1:]):
        return None
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _PORT_MAX
