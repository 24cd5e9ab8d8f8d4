"""Owns the decisions on requests to log in: how long one is open, how many there may be, what a typed code is. Pure."""

import hmac
import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from jobmeter.people.logins.model import RecentLogins, StoredLogin
from jobmeter.people.mails.rules import LOGIN_MINUTES

TRIES_MAX = 5
ADDRESS_MAILS_MAX = 5  # within the window
NETWORK_MAILS_MAX = 20
WINDOW_HOURS = 1


def is_open(login: StoredLogin, now: datetime) -> bool:
    return login.is_known and now < login.made_at + timedelta(minutes=LOGIN_MINUTES)


def find_wait_minutes(recent: RecentLogins, *, mails_max: int, now: datetime) -> int:
    """How many minutes to wait until another mail may be asked for; none if one may be now."""
    if recent.count < mails_max or recent.earliest_at is None:
        return 0
    left = recent.earliest_at + timedelta(hours=WINDOW_HOURS) - now
    return max(math.ceil(left.total_seconds() / 60), 1)


def normalize_code(text: str) -> str:
    """A code as it was made, from what a person types: in any case, with blanks and dashes."""
    return "".join(character for character in text.upper() if character.isalnum())


def find_by_code(logins: Iterable[StoredLogin], code_hash: bytes) -> StoredLogin | None:
    """The request with this code. All are compared, so that the time does not reveal which one was close."""
    same = [login for login in logins if hmac.compare_digest(login.code_hash, code_hash)]
    return same[0] if same else None
