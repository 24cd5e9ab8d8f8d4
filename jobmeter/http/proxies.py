"""Owns finding the client's address behind reverse proxies.

Each proxy appends its client's address to ``X-Forwarded-For``. Only entries appended by a trusted proxy count;
otherwise candidates could claim any address.
"""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from starlette.requests import Request

from jobmeter.base.lists import list_parts
from jobmeter.base.readers.network import read_address

HEADER = "X-Forwarded-For"
REMEMBERED_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    networks: tuple[IPv4Network | IPv6Network, ...]

    def find_address(self, request: Request) -> str | None:
        """Returns the last address that is not a trusted proxy's; ``None`` if there is none or it cannot be parsed.

        A proxy's own address is never returned: all candidates behind it would appear to share one network.
        """
        client = request.client  # made each time that it is asked for
        way = [client.host if client else ""]
        if HEADER in request.headers:
            forwarded = [part for line in request.headers.getlist(HEADER) for part in line.split(",")]
            way = [*forwarded, *way]
        for text in reversed(way):
            read = _read_known if len(text) <= REMEMBERED_CHARACTERS_MAX else _read
            address, written = read(text)
            if address is None:
                return None
            if not any(address in network for network in self.networks):
                return written
        return None


def _read(text: str) -> tuple[IPv4Address | IPv6Address | None, str]:
    """The address, and as it is usually written."""
    address = read_address(text)
    return address, str(address)


# Proxies are the same for every request, and candidates come back.
_read_known = lru_cache(maxsize=4_096)(_read)


def read_trusted_proxies(text: str) -> TrustedProxies:
    """Parses a comma-separated list of addresses and networks. Raises ``ValueError`` for any other entry."""
    try:
        return TrustedProxies(tuple(map(ip_network, list_parts(text))))
    except ValueError as error:
        raise ValueError(f"JOBMETER_TRUSTED_PROXIES: {error}") from error
