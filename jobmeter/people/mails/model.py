"""Owns what the mails to people say, before it is put into words. Pure."""

from dataclasses import dataclass
from datetime import datetime

from jobmeter.people.model import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginMail:
    """A request to log in. ``token`` and ``code`` are in this mail alone: they are stored as hashes.

    ``next_path`` is the page that was wanted; empty for the first one.
    """

    to: str
    language: str
    token: str
    code: str
    device: str
    next_path: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A role that somebody was given. ``bound_to`` names the partner, customer or contract; empty for an operator."""

    to: str
    language: str
    role: Role
    bound_to: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail of a sandbox, as its page shows it."""

    to: str
    subject: str
    text: str
