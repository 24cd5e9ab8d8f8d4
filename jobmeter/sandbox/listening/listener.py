"""Owns a listener: it follows the log of requests, registers a webhook for itself, and removes it when it ends.

Does not own the receiver of webhooks (``receiver``) or how events are printed.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from jobmeter.notifications.model import ASKED_KINDS
from jobmeter.sandbox.listening.receiver import PATH
from jobmeter.sandbox.traffic.client import Sandbox, SandboxRefusedError

PAGE = 200
WAIT_SECONDS = 0.5
RETRY_SECONDS = 1.0
CONNECT_SECONDS = 1


class Listener:
    """Follows a running sandbox; an outage is waited out, and a sandbox with another database is followed from its beginning."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        address: str,
        when_requested: Callable[[dict[str, Any]], None],
        when_changed: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sandbox = sandbox
        self._address = address
        self._when_requested = when_requested
        self._when_changed = when_changed
        self._sleep = sleep
        self._position = 0
        self._webhook: int | None = None

    def start(self) -> None:
        """Registers the webhook and begins after its own requests, once they are recorded. Raises ``SandboxRefusedError``."""
        self._remove_abandoned()
        self._register()
        self._sleep(WAIT_SECONDS)
        self._position = self._read_newest()

    def follow(self) -> None:
        """Reports requests until it is interrupted."""
        is_lost = False
        while True:
            try:
                if is_lost:
                    self._rejoin()
                    is_lost = False
                    self._when_changed("The sandbox responds again.")
                self._report_new()
            except SandboxRefusedError as error:
                if not is_lost:
                    self._when_changed(f"Waiting for the sandbox: {error}")
                is_lost = True
            self._sleep(RETRY_SECONDS if is_lost else WAIT_SECONDS)

    def end(self) -> None:
        """Removes the webhook, if the sandbox still responds."""
        with suppress(SandboxRefusedError):
            self._remove(self._webhook)

    def _report_new(self) -> None:
        page = self._read(f"after={self._position}&count={PAGE}")
        for entry in page["elements"]:
            self._position = entry["number"]
            self._when_requested(entry)

    def _rejoin(self) -> None:
        self._position = min(self._position, self._read_newest())
        if self._webhook not in {one["id"] for one in self._list_webhooks()}:
            self._register()

    def _read_newest(self) -> int:
        return max((entry["number"] for entry in self._read("count=1")["elements"]), default=0)

    def _read(self, query: str) -> Any:
        key = self._sandbox.credentials["operator_key"]
        return self._sandbox.call("GET", f"/operator/requests?{query}", key=key)

    def _register(self) -> None:
        body = {"url": self._address, "kinds": list(ASKED_KINDS)}
        made = self._call("POST", "/partner/webhooks", json=body)
        self._webhook = made["id"]
        self._when_changed(f"Webhooks are signed with the secret {made['secret']}")

    def _list_webhooks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._call("GET", "/partner/webhooks")["elements"]
        return found

    def _remove_abandoned(self) -> None:
        """Removes the webhooks of listeners that were killed: nothing listens at their address."""
        for one in self._list_webhooks():
            address = urlsplit(one["url"] or "")
            if address.path == PATH and not _is_open(address.hostname or "", address.port or 0):
                self._remove(one["id"])

    def _remove(self, webhook: int | None) -> None:
        if webhook is not None:
            token = self._issue_token()
            headers = {"Authorization": f"Bearer {token}"}
            self._sandbox.client.delete(f"/partner/webhooks/{webhook}", headers=headers)

    def _call(self, method: str, path: str, **content: Any) -> Any:
        return self._sandbox.call(method, path, key=self._issue_token(), **content)

    def _issue_token(self) -> str:
        """A new one for each of the few calls: the sandbox's clock may have moved past the end of the last one."""
        keys = self._sandbox.credentials["parent"]
        form = {
            "grant_type": "client_credentials",
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
        }
        return str(self._sandbox.request("POST", "/oauth/v2/accessToken", data=form)["access_token"])


def _is_open(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
