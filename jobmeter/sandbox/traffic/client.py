"""Owns the client side of a running server: its credentials file, requests to it, the clock of a sandbox.

Does not own the traffic (``player``) or the server. Uses HTTP only, and imports little: short commands depend on it.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from jobmeter import __version__
from jobmeter.base.clock import from_ms
from jobmeter.base.faults import CommandFailed
from jobmeter.base.readers.network import is_local
from jobmeter.client.http.errors import make_refusal
from jobmeter.client.http.transport import choose_certificates, read_refusal

REQUEST_SECONDS = 120
AGENT = (
    f"jobmeter/{__version__}"  # by which the requests of our own commands are recognized in the request log
)


class SandboxRefusedError(CommandFailed):
    """One line with the server's response to a request that it did not carry out."""


class Sandbox:
    """A running sandbox, reached with the content of its credentials file."""

    def __init__(self, credentials: dict[str, Any]) -> None:
        self.credentials = credentials
        base_url = httpx2.URL(credentials["base_url"])
        self.client = httpx2.Client(
            base_url=base_url,
            headers={"User-Agent": AGENT},
            timeout=REQUEST_SECONDS,
            trust_env=not is_local(base_url.host),
            verify=choose_certificates(str(base_url)),
        )

    def call(self, method: str, path: str, *, key: str, **content: Any) -> Any:
        """Returns the decoded response. Raises ``SandboxRefusedError``."""
        headers = {"Authorization": f"Bearer {key}"} | content.pop("headers", {})
        return self.request(method, path, headers=headers, **content)

    def request(self, method: str, path: str, **content: Any) -> Any:
        """The same without a key: the body holds the credentials."""
        return self._exchange(method, path, **content).json()

    def fetch(self, path: str, *, key: str) -> httpx2.Response:
        """Returns the response of a file. Raises ``SandboxRefusedError``."""
        return self._exchange("GET", path, headers={"Authorization": f"Bearer {key}"})

    def _exchange(self, method: str, path: str, **content: Any) -> httpx2.Response:
        try:
            answer = self.client.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise SandboxRefusedError(
                f"the server at {self.client.base_url} does not respond: {error}"
            ) from error
        if not answer.is_success:
            refusal = read_refusal(answer.content) or answer.reason_phrase
            raise SandboxRefusedError(make_refusal(answer.status_code, refusal).message)
        return answer

    def read_clock(self) -> datetime:
        shown = self.call("GET", "/sandbox/clock", key=self.credentials["operator_key"])
        return from_ms(shown["nowMs"])

    def move_clock(self, **wanted: str) -> datetime:
        """Accepts ``set=`` with a time or ``advance=`` with a duration."""
        shown = self.call("POST", "/sandbox/clock", key=self.credentials["operator_key"], json=wanted)
        return from_ms(shown["nowMs"])

    def send_events(self, body: bytes) -> dict[str, int]:
        reply: dict[str, int] = self.call(
            "POST",
            "/events",
            key=self.credentials["events_key"],
            content=body,
            headers={"Content-Type": "application/json"},
        )
        return reply


def open_sandbox(path: Path) -> Sandbox:
    """Returns the sandbox that wrote the credentials file. Raises ``SandboxRefusedError`` if there is none."""
    content = read_credentials(path)
    if content is None or "base_url" not in content:
        raise SandboxRefusedError(
            f"there is no sandbox credentials file at {path}; start a sandbox with: jobmeter sandbox"
        )
    return Sandbox(content)


def write_credentials(path: Path, content: dict[str, Any]) -> None:
    """Writes the whole file at once, so that a reader waiting for it never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)


def read_credentials(path: Path) -> dict[str, Any] | None:
    """Returns the content of the file, or ``None`` if it does not exist. Raises ``ValueError`` for an invalid file."""
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not a credentials file") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a credentials file")
    return content
