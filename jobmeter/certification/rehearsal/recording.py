"""Owns a rehearsal against a sandbox: forwards each request, causes what a rule wants to see, and records all of it.

Does not own the socket that requests arrive at (``proxy``), or the verdicts (``checklist``).
"""

import base64
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import httpx2
import msgspec

from jobmeter.base.clock import read_machine_clock
from jobmeter.certification.model import Recorded
from jobmeter.certification.rehearsal.disturbances import MEANINGS, Disturbance, choose
from jobmeter.certification.trace import TOKEN_PATH, Kind, read_call
from jobmeter.request_log.model import AnsweredRequest, Depth, RequestRow
from jobmeter.request_log.rules import make_mark, read_bearer, shape_row
from jobmeter.sandbox.traffic.client import Sandbox

# Of one connection only, or written again for the next one.
HOP_HEADERS = frozenset(
    {
        *("connection", "content-length", "content-encoding", "keep-alive", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "accept-encoding", "date", "server"),
    }
)
REVOKED_SPAN = "31m"
FORCED_TASK = {"X-Jobmeter-Task": "JOB_FIELD_PROCESSOR_TITLE"}
STATUSES = {Disturbance.THROTTLE: (429, "TOO_MANY_REQUESTS"), Disturbance.FAIL: (503, "OVERLOADED")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it arrived; ``target`` is the path with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Returned:
    status: int
    headers: Mapping[str, str]
    body: bytes


def record_row(row: RequestRow, *, number: int, forced: str = "") -> Recorded:
    """Returns a row of the request log as a judge reads it."""
    return Recorded(
        number=number,
        at=row.happened_at,
        received_at=row.received_at,
        client_id=row.client_id,
        token=row.token_mark,
        method=row.method,
        path=row.path,
        query=row.query,
        status=row.status,
        error=row.error,
        headers=msgspec.json.decode(row.request_headers),
        body=row.request_body,
        response_headers=msgspec.json.decode(row.response_headers),
        response=row.response_body,
        forced=forced,
    )


class Rehearsal:
    """Requests through it are recorded; threads may share it. ``when_recorded`` is called after each one."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        disturbances: Sequence[Disturbance] = (),
        when_recorded: Callable[[Recorded], None] = lambda _: None,
    ) -> None:
        self.records: list[Recorded] = []
        self._sandbox = sandbox
        self._pending = list(disturbances)
        self._when_recorded = when_recorded
        self._mark = partial(make_mark, secret_key=secrets.token_hex(16))
        self._lock = threading.Lock()
        self._credentials: dict[str, tuple[str, str]] = {}  # of each token that was issued on the way
        self._calm_calls = 0
        self._has_posted = False

    def serve(self, sent: Sent) -> Returned | None:
        """Returns the response, ``None`` if the connection is to be dropped."""
        received_at = read_machine_clock()
        disturbance = self._choose(sent)
        returned = self._answer(sent, disturbance)
        shown = returned or Returned(0, {}, b"")
        self._learn(sent, shown)
        path, _, query = sent.target.partition("?")
        answered = AnsweredRequest(
            received_at=received_at,
            happened_at=self._sandbox.read_clock(),
            duration_ms=round((read_machine_clock() - received_at).total_seconds() * 1_000),
            method=sent.method,
            path=path,
            query=query,
            status=shown.status,
            request_headers=sent.headers,
            request_body=sent.body,
            response_headers=shown.headers,
            response_body=shown.body,
        )
        row = shape_row(answered, depth=Depth.BODIES, mark=self._mark)
        forced = "" if disturbance is None else MEANINGS[disturbance]
        with self._lock:
            record = record_row(row, number=len(self.records) + 1, forced=forced)
            self.records.append(record)
        self._when_recorded(record)
        return returned

    def _choose(self, sent: Sent) -> Disturbance | None:
        with self._lock:
            kind = self._find_kind(sent)
            chosen = choose(
                self._pending, kind=kind, calm_calls=self._calm_calls, has_posted=self._has_posted
            )
            if chosen is Disturbance.REVOKE and _bearer_of(sent) not in self._credentials:
                return None  # it was issued before the rehearsal began
            if chosen is not None:
                self._pending.remove(chosen)
                self._calm_calls = 0
            self._has_posted = self._has_posted or kind is Kind.JOBS
            return chosen

    def _find_kind(self, sent: Sent) -> Kind:
        path, _, query = sent.target.partition("?")
        now = read_machine_clock()
        record = Recorded(
            number=0, at=now, received_at=now, client_id="", token="", method=sent.method, path=path, query=query,
            status=0, headers={name.lower(): value for name, value in sent.headers.items()},
            body=sent.body.decode(errors="replace"),
        )  # fmt: skip
        return read_call(record, {}).kind

    def _answer(self, sent: Sent, disturbance: Disturbance | None) -> Returned | None:
        if disturbance is Disturbance.DROP:
            return None
        if disturbance in STATUSES:
            status, label = STATUSES[disturbance]
            body = {"status": status, "code": label, "message": "Caused by the rehearsal; please retry"}
            headers = {"Content-Type": "application/json", "Retry-After": "1"}
            return Returned(status, headers, msgspec.json.encode(body))
        if disturbance is Disturbance.REVOKE:
            self._revoke(_bearer_of(sent))
        elif disturbance is Disturbance.EXPIRE:
            self._sandbox.move_clock(advance=REVOKED_SPAN)
        elif disturbance is Disturbance.FAIL_TASK:
            sent = replace(sent, headers={**sent.headers, **FORCED_TASK})
        return self._forward(sent)

    def _forward(self, sent: Sent) -> Returned:
        """Sends the request on; what the sandbox cannot be reached with is answered as a gateway would."""
        headers = {name: value for name, value in sent.headers.items() if name.lower() not in HOP_HEADERS}
        try:
            answer = self._sandbox.client.request(
                sent.method, sent.target, headers=headers, content=sent.body, follow_redirects=False
            )
        except httpx2.HTTPError as error:
            body = msgspec.json.encode({"status": 502, "message": f"the sandbox does not respond: {error}"})
            return Returned(502, {"Content-Type": "application/json"}, body)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_HEADERS}
        return Returned(answer.status_code, kept, answer.content)

    def _learn(self, sent: Sent, returned: Returned) -> None:
        """Remembers the credentials of each issued token, with which it can be revoked, and counts calm calls."""
        is_success = 200 <= returned.status < 300
        if urlsplit(sent.target).path == TOKEN_PATH and is_success:
            token = msgspec.json.decode(returned.body).get("access_token", "")
            with self._lock:
                self._credentials[token] = _read_credentials(sent)
        elif is_success:
            with self._lock:
                self._calm_calls += 1

    def _revoke(self, token: str) -> None:
        client_id, client_secret = self._credentials[token]
        form = {"client_id": client_id, "client_secret": client_secret, "token": token}
        self._sandbox.client.post("/oauth/v2/revoke", data=form)


def _bearer_of(sent: Sent) -> str:
    header = next((value for name, value in sent.headers.items() if name.lower() == "authorization"), "")
    return read_bearer(header)


def _read_credentials(sent: Sent) -> tuple[str, str]:
    """The client's id and secret, from the form or from a Basic header."""
    form = dict(parse_qsl(sent.body.decode(errors="replace")))
    header = next((value for name, value in sent.headers.items() if name.lower() == "authorization"), "")
    if header.lower().startswith("basic ") and "client_secret" not in form:
        client_id, _, secret = base64.b64decode(header[6:]).decode(errors="replace").partition(":")
        return unquote_plus(client_id), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
