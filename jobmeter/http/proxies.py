"""Owns finding the client's address behind reverse proxies.

Each proxy appends its client's address to ``X-Forwarded-For``. Only entries appended by a trusted proxy count;
otherwise candidates could claim any address.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from starlette.requests import Request

from jobmeter.base.lists import list_parts
from jobmeter.base.readers.network import read_address

HEADER = "X-Forwarded-For"


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
            address = read_address(text)
            if address is None:
                return None
            if not any(address in network for network in self.networks):
                return str(address)
        return None


def read_trusted_proxies(text: str) -> TrustedProxies:
    """Parses a comma-separated list of addresses and networks. Raises ``ValueError`` for any other entry."""
    try:
        return TrustedProxies(tuple(map(ip_network, list_parts(text))))
    except ValueError as error:
        raise ValueError(f"JOBMETER_TRUSTED_PROXIES: {error}") from error
