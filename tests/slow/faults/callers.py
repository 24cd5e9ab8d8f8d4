"""Owns one caller of a server that fails: requests that are repeated until the server answers them.

Does not own who calls what (``actors``).
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.slow.faults.receipts import Receipts, Write
from tests.support.sandbox_client import VERSION, bearer

SECONDS_MAX = 6  # for one try: longer than a process is paused
PAUSE_SECONDS = 0.1
PROTOCOL = {"LinkedIn-Version": VERSION, "X-RestLi-Protocol-Version": "2.0.0"}
WRITE_SECONDS_MAX = 8  # a key whose holder was killed is free after minutes of the sandbox's clock
# Try again: no token, another try is still at work, too many requests; and whatever the server could not do.
AGAIN = frozenset({401, 409, 429})


class RoundOver(Exception):  # noqa: N818 -- no error: it ends an actor
    """The round is over, and the request that was open was not answered in time."""


@dataclass(frozen=True)
class Shift:
    """The time of a round's actors: they begin nothing new once it ``is_over``, and try nothing again after ``ends_at``."""

    is_over: threading.Event = field(default_factory=threading.Event)
    ends_at: list[float] = field(default_factory=lambda: [float("inf")])

    def end(self, *, seconds_left: float) -> None:
        self.ends_at[0] = time.monotonic() + seconds_left
        self.is_over.set()


class Caller:
    """One thread's connection to the server. ``seconds_max`` is how long it waits for an answer."""

    def __init__(
        self,
        base_url: str,
        credentials: dict[str, Any],
        receipts: Receipts,
        shift: Shift,
        *,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self.credentials = credentials
        self.receipts = receipts
        self.shift = shift
        self._client = httpx2.Client(base_url=base_url, timeout=seconds_max, verify=False)
        self._tokens: dict[str, str] = {}
        self.tried_at = 0.0  # when the last try began

    @property
    def as_operator(self) -> dict[str, str]:
        return bearer(self.credentials["operator_key"])

    def close(self) -> None:
        self._client.close()

    def try_once(self, method: str, path: str, **content: Any) -> httpx2.Response | None:
        """Returns the response, or ``None`` if the connection broke: then nobody knows what the server did."""
        self.tried_at = time.monotonic()
        try:
            answer = self._client.request(method, path, **content)
        except httpx2.HTTPError as error:
            self.receipts.count(type(error).__name__)
            return None
        self.receipts.count(str(answer.status_code))
        if answer.status_code >= 500 and answer.status_code != 503:
            self.receipts.errors.append(f"{answer.status_code} {method} {path[:60]} {answer.text[:80]}")
        return answer

    def ask(
        self, method: str, path: str, *, seconds_max: float = float("inf"), **content: Any
    ) -> httpx2.Response:
        """Repeats the same request until it is answered. Raises ``RoundOver``, also after ``seconds_max``."""
        give_up_at = time.monotonic() + seconds_max
        while True:
            answer = self.try_once(method, path, **content)
            if answer is not None and answer.status_code < 500 and answer.status_code not in AGAIN:
                return answer
            if time.monotonic() > min(give_up_at, self.shift.ends_at[0]):
                raise RoundOver
            time.sleep(PAUSE_SECONDS)

    def call_as_customer(
        self,
        method: str,
        path: str,
        *,
        seconds_max: float = float("inf"),
        application: str = "child",
        **content: Any,
    ) -> httpx2.Response:
        """As ``ask``, with a token of the customer's application or its parent's, which ends when the clock is moved."""
        give_up_at = time.monotonic() + seconds_max
        while True:
            headers = content.get("headers", {}) | self._read_token(application) | PROTOCOL
            answer = self.try_once(method, path, **(content | {"headers": headers}))
            if answer is not None and answer.status_code == 401:
                self._tokens.clear()
            elif answer is not None and answer.status_code < 500 and answer.status_code not in AGAIN:
                return answer
            if time.monotonic() > min(give_up_at, self.shift.ends_at[0]):
                raise RoundOver
            time.sleep(PAUSE_SECONDS)

    def _read_token(self, application: str) -> dict[str, str]:
        if application not in self._tokens:
            form = {"grant_type": "client_credentials"} | self.credentials[application]
            form.pop("urn")
            found = self.ask("POST", "/oauth/v2/accessToken", data=form).json()
            self._tokens[application] = found["access_token"]
        return bearer(self._tokens[application])

    def write(self, write: Write, *, seconds_max: float = WRITE_SECONDS_MAX) -> tuple[int, bytes] | None:
        """Sends a write until it is answered, each time with the same key, and records the answer; ``None`` if none came."""
        content = dict(write.content)
        headers = content.pop("headers", {}) | {"Idempotency-Key": write.key}
        call = self.ask if "Authorization" in headers else self.call_as_customer
        try:
            answer = call(write.method, write.path, headers=headers, seconds_max=seconds_max, **content)
        except RoundOver:
            return None
        write.answers.append((answer.status_code, answer.content))
        return write.answers[-1]

    def read_now_ms(self) -> int:
        return int(self.ask("GET", "/sandbox/clock", headers=self.as_operator).json()["nowMs"])
