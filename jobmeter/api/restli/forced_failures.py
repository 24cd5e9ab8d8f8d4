"""Owns failure on demand: a sandbox fails as the header of a request asks, a production server refuses to.

Does not own what a failure says (``base.faults``).
"""

import string

from starlette.requests import Request

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.settings import Settings

HEADER = "X-Jobmeter-Fail"


def check_forced_failure(request: Request, settings: Settings, headers: dict[str, str]) -> None:
    """Raises the fault whose code, or ``serviceErrorCode``, the header names. ``headers`` are the answer's: a
    forced THROTTLED tells in them what a true one does.

    Raises ``Refused``: FAILURE_SANDBOX_ONLY in production, OPERATOR_INPUT for a code that no fault has.
    """
    wanted = request.headers.get(HEADER)
    if wanted is None:
        return
    if not settings.sandbox:
        raise Refused(Fault.FAILURE_SANDBOX_ONLY, header=HEADER)
    text = wanted.strip()
    fault = Fault.find(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    if fault is None:
        raise Refused(Fault.OPERATOR_INPUT, field=HEADER, why=f"no error has the code {text[:20]!r}")
    if fault is Fault.THROTTLED:
        headers |= {"X-RateLimit-Remaining": "0", "Retry-After": headers["X-RateLimit-Reset"]}
    parameters = [name for _, name, _, _ in string.Formatter().parse(fault.row.message) if name]
    raise Refused(fault, **{name: f"<{name}>" for name in parameters})
