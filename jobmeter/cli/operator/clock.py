"""Owns the commands ``jobmeter clock ...``, which show and move the clock of a running sandbox.

Does not own the clock: each command sends one request.
"""

from contextlib import closing
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
    _move(server)


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
    _move(server, set=time)


@app.command
def advance(
    span: Annotated[str, Parameter(validator=_check_span, help=f"Duration, for example {SPAN_EXAMPLES}.")],
    *,
    server: Operator = OPERATOR,
) -> None:
    """Moves the clock forward by SPAN and runs everything that falls due in between; 0d only prints the time.

    Example: jobmeter clock advance 3d
    """
    _move(server, advance=span)


def _move(server: Operator, **wanted: str) -> None:
    """Moves the clock if that is ``wanted``, and prints its time. There is one attempt: another would move it again."""
    url, key = require_operator(find_profile(server))
    sandbox = Sandbox({"base_url": url, "operator_key": key})
    with closing(sandbox.client):
        now = sandbox.move_clock(**wanted) if wanted else sandbox.read_clock()
    if server.json:
        server.print_record({"now": now.isoformat(), "nowMs": to_ms(now)})
    else:
        Terminal().print_line(now.isoformat())
