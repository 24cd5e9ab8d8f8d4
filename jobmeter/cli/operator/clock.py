"""Owns the commands ``jobmeter clock ...``, which show and move the clock of a running sandbox.

Does not own the clock: each command sends one request.
"""

from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.clock import to_ms
from jobmeter.base.readers.times import SPAN_EXAMPLES, read_span_ms
from jobmeter.base.terminal import Terminal
from jobmeter.cli.operator.calls import OPERATOR, Operator
from jobmeter.cli.options import check_time
from jobmeter.cli.profiles import find_profile, require_operator
from jobmeter.sandbox.traffic.client import Sandbox

app = App(name="clock")


def _check_span(_: type, value: str) -> None:
    if read_span_ms(value) is None:
        raise ValueError(f"Must be a duration, for example {SPAN_EXAMPLES}.")


@app.command
def show(*, server: Operator = OPERATOR) -> None:
    """Prints the current time of the sandbox.

    Example: jobmeter clock show
    """
    _print_time(server, _open(server).read_clock())


@app.command(name="set")
def set_clock(
    time: Annotated[
        str, Parameter(validator=check_time, help="Time as RFC 3339, or milliseconds since 1970.")
    ],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Moves the clock forward to TIME and runs everything that falls due in between.

    Example: jobmeter clock set 2026-12-01T09:00:00Z
    """
    _print_time(server, _open(server).move_clock(set=time))


@app.command
def advance(
    span: Annotated[str, Parameter(validator=_check_span, help=f"Duration, for example {SPAN_EXAMPLES}.")],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Moves the clock forward by SPAN and runs everything that falls due in between; 0d only prints the time.

    Example: jobmeter clock advance 3d
    """
    _print_time(server, _open(server).move_clock(advance=span))


def _open(server: Operator) -> Sandbox:
    """Its requests have one attempt: another would move the clock again."""
    url, key = require_operator(find_profile(server))
    return Sandbox({"base_url": url, "operator_key": key})


def _print_time(server: Operator, now: datetime) -> None:
    if server.json:
        server.print_record({"now": now.isoformat(), "nowMs": to_ms(now)})
    else:
        Terminal().print_line(now.isoformat())
