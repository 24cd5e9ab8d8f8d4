"""Owns the values of the request log: a request as it was answered, and as it is stored. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Depth(Enum):
    """How much of each request is recorded."""

    OFF = "off"
    LINES = "lines"  # without bodies
    BODIES = "bodies"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRequest:
    """A request and its response, as they were sent; ``partner_id`` and ``application_id`` are ``None`` if nobody is known.

    ``received_at`` is the machine's time, ``happened_at`` the installation's.
    """

    received_at: datetime
    happened_at: datetime
    duration_ms: int
    partner_id: int | None = None
    application_id: int | None = None
    client_id: str = ""
    method: str
    path: str
    query: str = ""
    status: int
    request_headers: Mapping[str, str]
    request_body: bytes = b""
    response_headers: Mapping[str, str]
    response_body: bytes = b""
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request without its secrets, ready to be stored. Headers are JSON."""

    partner_id: int | None
    application_id: int | None
    client_id: str
    received_at: datetime
    happened_at: datetime
    duration_ms: int
    method: str
    path: str
    query: str
    status: int
    error: str
    token_mark: str
    request_headers: str
    request_body: str
    response_headers: str
    response_body: str
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest(RequestRow):
    """A stored request; ``number`` rises in the order in which requests were stored."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which rows are read: of a partner with all its applications, of one application, or of everybody.

    ``after`` reads upwards from a number; ``before`` reads downwards, the newest first. Empty texts select all.
    """

    partner_id: int | None = None
    application_id: int | None = None
    after: int | None = None
    before: int | None = None
    rows_max: int
    method: str = ""
    path_part: str = ""
    status_min: int = 0
    status_max: int = 999
