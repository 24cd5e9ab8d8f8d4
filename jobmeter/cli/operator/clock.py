"""Owns the commands ``jobmeter clock ...``, which show and move the clock of a running sandbox.

Does not own the clock: each command sends one request.
"""

from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.readers.times import SPAN_EXAMPLES, read_span_ms
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import SANDBOX_DATA, CredentialsOption, check_time
from jobmeter.sandbox.traffic.client import open_sandbox

CREDENTIALS = SANDBOX_DATA / "credentials.json"

app = App(name="clock")


def _check_span(_: type, value: str) -> None:
    if read_span_ms(value) is None:
        raise ValueError(f"Must be a duration, for example {SPAN_EXAMPLES}.")


@app.command
def show(*, credentials: CredentialsOption = None) -> None:
    """Prints the current time of the sandbox."""
    Terminal().print_line(open_sandbox(credentials or CREDENTIALS).read_clock().isoformat())


@app.command(name="set")
def set_clock(
    time: Annotated[
        str, Parameter(validator=check_time, help="Time as RFC 3339, or milliseconds since 1970.")
    ],
    *,
    credentials: CredentialsOption = None,
) -> None:
    """Moves the clock forward to TIME and runs everything that falls due in between."""
    Terminal().print_line(open_sandbox(credentials or CREDENTIALS).move_clock(set=time).isoformat())


@app.command
def advance(
    span: Annotated[str, Parameter(validator=_check_span, help=f"Duration, for example {SPAN_EXAMPLES}.")],
    *,
    credentials: CredentialsOption = None,
) -> None:
    """Moves the clock forward by SPAN and runs everything that falls due in between; 0d only prints the time."""
    Terminal().print_line(open_sandbox(credentials or CREDENTIALS).move_clock(advance=span).isoformat())
