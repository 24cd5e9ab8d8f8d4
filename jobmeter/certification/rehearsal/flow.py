"""Owns where the requests of a rehearsal come from: a proxy, the sample requests, or the sandbox's own log.

Does not own the verdicts (``checklist``) or the command's options (``cli``).
"""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from jobmeter.certification.model import Recorded
from jobmeter.certification.rehearsal.disturbances import Disturbance
from jobmeter.certification.rehearsal.proxy import open_proxy
from jobmeter.certification.rehearsal.recording import Rehearsal
from jobmeter.certification.rehearsal.samples import Samples
from jobmeter.sandbox.traffic.client import AGENT, Sandbox

PAGE = 200
WAIT_SECONDS = 0.2

PrintLine = Callable[[str], None]


def record_at_proxy(
    sandbox: Sandbox, *, port: int, disturbances: Sequence[Disturbance], print_line: PrintLine
) -> list[Recorded]:
    """Records at a proxy until the command is interrupted or terminated, and prints each request as it comes."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rehearsal = Rehearsal(
        sandbox, disturbances=disturbances, when_recorded=lambda one: print_line(write_line(one))
    )
    with open_proxy(rehearsal, port=port) as address, suppress(KeyboardInterrupt):
        print_line(f"The proxy listens at {address}, before {sandbox.credentials['base_url']}.")
        print_line("Let your integration use this address; end with Ctrl-C for the report.")
        while True:
            time.sleep(WAIT_SECONDS)
    return rehearsal.records


def write_line(one: Recorded) -> str:
    """Returns a request as one line."""
    forced = f" ({one.forced})" if one.forced else ""
    error = f" {one.error}" if one.error else ""
    query = f"?{one.query}" if one.query else ""
    return f"{one.number:>4} {one.status or '---'} {one.method} {one.path}{query}{error}{forced}"


def run_samples(sandbox: Sandbox, *, print_line: PrintLine) -> list[Recorded]:
    """Sends the sample requests, and prints them as commands. Raises ``CommandFailed``."""
    rehearsal = Rehearsal(sandbox)
    Samples(sandbox, rehearsal, print_line=print_line).run()
    return rehearsal.records


def read_log(sandbox: Sandbox, *, after: int) -> list[Recorded]:
    """Returns the requests that the sandbox has recorded after this number, without those of our own commands."""
    found: list[Recorded] = []
    position: int | None = after
    while position is not None:
        page = read_page(sandbox, position)
        records = (record_entry(one) for one in page["elements"])
        found += [one for one in records if one.headers.get("user-agent") != AGENT]
        position = page["nextAfter"]
    return found


def read_page(sandbox: Sandbox, after: int) -> Any:
    return sandbox.call(
        "GET", f"/operator/requests?after={after}&count={PAGE}", key=sandbox.credentials["operator_key"]
    )


def record_entry(entry: dict[str, Any]) -> Recorded:
    """Returns an entry of the request log as a judge reads it."""
    headers = entry["requestHeaders"]
    return Recorded(
        number=entry["number"],
        at=datetime.fromisoformat(entry["at"]),
        received_at=datetime.fromisoformat(entry["receivedAt"]),
        client_id=entry["clientId"] or "",
        token=entry["tokenMark"] or "",
        method=entry["method"],
        path=entry["path"],
        query=entry["query"],
        status=entry["status"],
        error=entry["error"] or "",
        headers=headers,
        body=entry["requestBody"],
        response_headers=entry["responseHeaders"],
        response=entry["responseBody"],
        forced=f"X-Jobmeter-Fail: {headers['x-jobmeter-fail']}" if "x-jobmeter-fail" in headers else "",
    )
