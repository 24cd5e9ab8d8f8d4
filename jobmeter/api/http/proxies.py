"""Owns which address a request came from where proxies are in front of the server.

A proxy adds the address that it was called from to the end of ``X-Forwarded-For``. Only what a trusted proxy added is
believed, or candidates could give themselves any address.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from starlette.requests import Request

from jobmeter.base.readers.network import read_address

HEADER = "X-Forwarded-For"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    networks: tuple[IPv4Network | IPv6Network, ...]

    def find_address(self, request: Request) -> str | None:
        """The last address of the way that is no trusted proxy's; ``None`` where there is none that can be read.

        A proxy's own address is nobody's: all its candidates would seem to come from one network.
        """
        forwarded = [part for line in request.headers.getlist(HEADER) for part in line.split(",")]
        way = [*forwarded, request.client.host if request.client else ""]
        for text in reversed(way):
            address = read_address(text)
            if address is None:
                return None
            if not any(address in network for network in self.networks):
                return str(address)
        return None


def read_trusted_proxies(text: str) -> TrustedProxies:
    """The addresses and networks of a list with commas. Raises ``ValueError`` for what is neither."""
    try:
        return TrustedProxies(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))
    except ValueError as error:
        raise ValueError(f"JOBMETER_TRUSTED_PROXIES: {error}") from error
