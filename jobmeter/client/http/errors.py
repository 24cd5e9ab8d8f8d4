"""Owns the errors of the client: one family, whose codes are those of the table of errors. Pure.

Does not own which errors are worth another attempt (``transport``) or the table (``base.faults``).
"""

import re
from collections.abc import Mapping
from typing import Any

from jobmeter.base.faults import Fault

TOO_MANY_REQUESTS = 429
# A server error that another attempt cannot change: the server lacks what it needs.
PERMANENT = frozenset({501, 505})
SERVER_ERRORS = 500
_PARAMETER = re.compile(r"\{\w+\}")
TEXT_CHARACTERS_MAX = 500
OWN_CHARACTERS_MIN = 5


class ClientError(Exception):
    """What every call of the client may raise. ``may_have_happened``: whether the server may have done what was requested."""

    is_temporary = False
    may_have_happened = False


class RefusedError(ClientError):
    """The server refused the request, or failed. ``fault`` is the row of the table of errors, if the response shows which;
    ``retry_after_seconds`` is set if the server says when it accepts the request.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        fault: Fault | None = None,
        label: str = "",
        request_id: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.fault = fault
        self.label = label
        self.request_id = request_id
        self.details = details or {}
        self.retry_after_seconds: int | None = None
        self.may_have_happened = status >= SERVER_ERRORS
        self.is_temporary = (
            status == TOO_MANY_REQUESTS
            or (status >= SERVER_ERRORS and status not in PERMANENT)
            or fault is Fault.IDEMPOTENCY_KEY_IN_USE
        )
        code = "" if self.code is None else f"{self.code}, "
        super().__init__(f"{message} ({code}HTTP {status})")

    @property
    def code(self) -> int | None:
        """Returns the code by which the documents explain the error, such as 6011; ``None`` if it is not in the table."""
        return None if self.fault is None else self.fault.row.code


class ThrottledError(RefusedError):
    """Too many requests: of a day, if ``retry_after_seconds`` is large."""


class NoResponseError(ClientError):
    """There is no response: the connection failed or broke, or the response did not arrive in time."""

    is_temporary = True

    def __init__(self, message: str, *, may_have_happened: bool) -> None:
        self.may_have_happened = may_have_happened
        super().__init__(message)


class UnreadableError(ClientError):
    """The response is not what the protocol says: cut off, of another request, or of another format."""

    is_temporary = True
    may_have_happened = True


class WaitEndedError(ClientError):
    """What was waited for did not happen in the time given: ``pending`` are the ids that are still in progress."""

    may_have_happened = True

    def __init__(self, message: str, *, pending: tuple[str, ...]) -> None:
        self.pending = pending
        super().__init__(message)


def make_refusal(status: int, content: Any, *, request_id: str = "") -> RefusedError:
    """Returns the error of a response's decoded body: Rest.li, OAuth or plain; anything else is quoted."""
    body = content if isinstance(content, dict) else {}
    message = body.get("message") or body.get("error_description") or _quote(content)
    label = str(body.get("code") or body.get("error") or "")
    given = body.get("serviceErrorCode")
    service = given if isinstance(given, int) else None
    found = find_fault(status, str(message), service=service, label=label)
    make = ThrottledError if status == TOO_MANY_REQUESTS else RefusedError
    return make(str(message), status=status, fault=found, label=label, request_id=request_id, details=body)


def find_fault(status: int, message: str, *, service: int | None = None, label: str = "") -> Fault | None:
    """Returns the row of the table that a response shows: by its code if that is unique, otherwise by status and message.

    A template such as "{lines}" fits every message, so it is found by its label alone.
    """
    number = service or (int(label) if label.isascii() and label.isdigit() else 0)
    if (named := Fault.find(number)) is not None:
        return named

    def has_label(fault: Fault) -> bool:
        return (fault.row.label or fault.name) == label

    def likeness(fault: Fault) -> tuple[int, bool, bool]:
        return count_own(fault.row.message), has_label(fault), fault.row.service == service

    fitting = [
        fault
        for fault in Fault
        if fault.row.status == status and fits(fault.row.message, message)
        if has_label(fault) or count_own(fault.row.message) >= OWN_CHARACTERS_MIN
    ]
    return max(fitting, key=likeness, default=None)


def count_own(template: str) -> int:
    """Returns the characters of the template without its {parameters}."""
    return len(_PARAMETER.sub("", template))


def fits(template: str, message: str) -> bool:
    """Whether the message can be the template with its {parameters} filled in."""
    pieces = map(re.escape, _PARAMETER.split(template))
    return re.fullmatch(".*".join(pieces), message, re.DOTALL) is not None


def _quote(content: Any) -> str:
    text = content if isinstance(content, str) else str(content or "")
    return " ".join(text.split())[:TEXT_CHARACTERS_MAX] or "the response has no message"
