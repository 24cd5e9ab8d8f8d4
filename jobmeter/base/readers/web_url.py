"""Owns what a URL is that a candidate or the server may be sent to, and its spelling in a header. Pure.

Does not own whether its host is on the public internet (``jobmeter.outbound``).
"""

import re
from ipaddress import ip_address

import idna

WEB_SCHEMES = ("http", "https")
_PORT_MAX = 65_535
_URL = re.compile(
    r"(?P<scheme>[A-Za-z]{1,10})://(?P<user>[^\s/?#@\\]*@)?"
    r"(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){0,20}\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?#][^\s\x00-\x20\x7f<>\"\\`]*)?"
)


def check_url(text: str, *, schemes: tuple[str, ...] = WEB_SCHEMES) -> str | None:
    """Why the text is refused; ``None`` for an absolute URL with a host that can be looked up and without a user."""
    found = _URL.fullmatch(text)
    if found is None or found["scheme"].lower() not in schemes or not _is_reachable(found):
        return f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    return "must not contain a user name" if found["user"] else None


def to_ascii_url(text: str) -> str:
    """The URL with its host as the domain name system spells it (IDNA); text that is not a URL is returned unchanged."""
    if text.isascii():
        return text
    found = _URL.fullmatch(text)
    host = None if found is None else _to_ascii_host(found["host"])
    if found is None or host is None:
        return text
    return f"{text[: found.start('host')]}{host}{text[found.end('host') :]}"


def _is_reachable(found: re.Match[str]) -> bool:
    port_is_good = found["port"] is None or 0 < int(found["port"]) <= _PORT_MAX
    return port_is_good and _to_ascii_host(found["host"]) is not None


def _to_ascii_host(host: str) -> str | None:
    """``None`` where no such host can exist."""
    try:
        if host.startswith("["):
            ip_address(host[1:-1])
            return host
        # Names in ASCII stay as they are: hosts inside a company have underscores, which IDNA refuses.
        return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except ValueError:  # that of idna is one too
        return None
