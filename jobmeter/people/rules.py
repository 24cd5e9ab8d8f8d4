"""Owns the decisions on people and sessions: when a session ends, which role comes first, how addresses are compared and shown. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from jobmeter.people.model import AS_MEMBER, OPERATOR_ROLES, Grant, Role

IDLE_HOURS_MAX = 12
SESSION_DAYS_MAX = 30
OPERATOR_IDLE_HOURS_MAX = 2
OPERATOR_SESSION_HOURS_MAX = 12
TOUCH_SECONDS = 60  # how old the last use of a session may be before it is written again

# What an address of one subscriber has in common.
PREFIX_BITS = {4: 24, 6: 64}

# The first word of a user agent that is found names the browser: most of them name others too.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chromium": "Chromium",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def normalize_email(text: str) -> str:
    """The form in which addresses are stored, compared and mailed to: a mail never goes to another spelling."""
    return text.strip().lower()


def mask_email(email: str) -> str:
    """Enough to recognize one's own address, too little to learn another's: ``i…@hafenkontor.example``."""
    local, _, host = email.partition("@")
    return f"{local[:1]}…@{host}"


def find_end(grants: Sequence[Grant], *, began_at: datetime, last_used_at: datetime) -> datetime:
    """When a session ends unless it is used before: that of a person who may operate the installation is short."""
    if any(grant.role in OPERATOR_ROLES for grant in grants):
        idle, most = timedelta(hours=OPERATOR_IDLE_HOURS_MAX), timedelta(hours=OPERATOR_SESSION_HOURS_MAX)
    else:
        idle, most = timedelta(hours=IDLE_HOURS_MAX), timedelta(days=SESSION_DAYS_MAX)
    return min(began_at + most, last_used_at + idle)


def choose_first(grants: Sequence[Grant]) -> Grant:
    """The grant in which a person begins: the one of the role with the highest precedence, otherwise as a member."""
    order = list(Role)
    return min(grants, key=lambda grant: order.index(grant.role), default=AS_MEMBER)


def find_chosen(grants: Sequence[Grant], grant_id: int | None) -> Grant | None:
    """The grant with this id; as a member without one. ``None`` if it is not the person's."""
    if grant_id is None:
        return AS_MEMBER
    return next((grant for grant in grants if grant.id == grant_id), None)


def find_shown(grant: Grant, viewed_partner_id: int | None) -> Grant:
    """The grant with which pages are shown: of an operator who looks at a partner's pages, that of one of its readers."""
    if viewed_partner_id is None:
        return grant
    return replace(grant, role=Role.PARTNER_READER, partner_id=viewed_partner_id, name="")


def name_device(user_agent: str) -> str:
    """A browser and its system, in words that its owner recognizes, such as ``Firefox on Linux``; empty if it names neither."""
    browser = next((name for word, name in BROWSERS.items() if f"{word}/" in user_agent), "")
    system = next((name for word, name in SYSTEMS.items() if word in user_agent), "")
    return " on ".join(filter(None, (browser, system)))


def name_network(address: str | None) -> str:
    """The network of an address, such as ``203.0.113.0/24``; empty if the address is not known."""
    if not address:
        return ""
    parsed = ip_address(address)
    return str(ip_network(f"{parsed}/{PREFIX_BITS[parsed.version]}", strict=False))
