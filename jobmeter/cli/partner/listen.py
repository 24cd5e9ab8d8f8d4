"""Owns the command ``jobmeter listen``: what it prints of each request and webhook.

Does not own the listening (``sandbox.listening``).
"""

import json
import signal
from contextlib import closing, suppress
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from jobmeter.base.readers.web_url import check_url
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import SANDBOX_DATA, CredentialsOption
from jobmeter.sandbox.listening.listener import Listener
from jobmeter.sandbox.listening.receiver import Delivery, open_receiver
from jobmeter.sandbox.traffic.client import open_sandbox

ERROR_STATUS_MIN, FAILURE_STATUS_MIN = 400, 500


def _check_address(_: type, value: str) -> None:
    if value and check_url(value):
        raise ValueError("Must be a web address, for example http://127.0.0.1:3000/hooks.")


def listen(
    *,
    forward_to: Annotated[
        str, Parameter(validator=_check_address, help="Address that each webhook is forwarded to, unchanged.")
    ] = "",
    as_json: Annotated[
        bool, Parameter("--json", negative="", help="Whether to print each event as one line of JSON.")
    ] = False,
    credentials: CredentialsOption = None,
) -> None:
    """Shows the requests and webhooks of a running sandbox as they come, until Ctrl-C.

    Example: jobmeter listen --forward-to http://127.0.0.1:3000/hooks
    """
    printer = _Printer(Terminal(), is_json=as_json)
    sandbox = open_sandbox(credentials or SANDBOX_DATA / "credentials.json")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the webhook is removed then, too
    with closing(sandbox.client), open_receiver(forward_to, printer.print_delivery) as address:
        listener = Listener(
            sandbox, address=address, when_requested=printer.print_request, when_changed=printer.print_change
        )
        with suppress(KeyboardInterrupt):
            try:
                listener.start()
                printer.print_change(f"Listening to {sandbox.credentials['base_url']}; end with Ctrl-C.")
                listener.follow()
            finally:
                listener.end()


class _Printer:
    def __init__(self, console: Terminal, *, is_json: bool) -> None:
        self._console = console
        self._is_json = is_json

    def print_request(self, entry: dict[str, Any]) -> None:
        status = entry["status"]
        query = f"?{entry['query']}" if entry["query"] else ""
        error = f"  {entry['error']}" if entry["error"] else ""
        text = f"{entry['at'][11:19]} --> {status} {entry['method']} {entry['path']}{query}{error}"
        self._print(text, _style_of(status), {"type": "request", **entry})

    def print_delivery(self, delivery: Delivery) -> None:
        content = _decode(delivery.body)
        kind = str(content.get("type") or content.get("kind") or "") if isinstance(content, dict) else ""
        problem = f"  {delivery.problem}" if delivery.problem else ""
        text = f"         <-- {delivery.status} {kind} {delivery.id}{problem}"
        event = {"type": "webhook", "id": delivery.id, "status": delivery.status, "body": content}
        self._print(text, _style_of(delivery.status), event | {"problem": delivery.problem or None})

    def print_change(self, text: str) -> None:
        self._print(text, "bold", {"type": "message", "text": text})

    def _print(self, text: str, style: str, event: dict[str, Any]) -> None:
        if self._is_json:
            print(json.dumps(event), flush=True)  # noqa: T201 -- JSON, whose strings are ASCII
        else:
            self._console.print_line(text, style=style)


def _style_of(status: int) -> str:
    if status >= FAILURE_STATUS_MIN:
        return "bold red"
    return "yellow" if status >= ERROR_STATUS_MIN else "green"


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError):
        return body.decode(errors="replace")
