"""Owns forced failures: in a sandbox a request header selects the error; a production server refuses the header.

Does not own the errors (``base.faults``).
"""

import string

from jobmeter.api.http.context import RequestContext
from jobmeter.base.faults import Fault, Refused

HEADER = "X-Jobmeter-Fail"


def check_forced_failure(context: RequestContext) -> None:
    """Raises the fault whose code or ``serviceErrorCode`` the header names. A forced THROTTLED has the same headers as a
    real one.

    Raises ``Refused``: FAILURE_SANDBOX_ONLY in production, OPERATOR_INPUT for an unknown code.
    """
    wanted = context.request.headers.get(HEADER)
    if wanted is None:
        return
    if not context.app.settings.sandbox:
        raise Refused(Fault.FAILURE_SANDBOX_ONLY, header=HEADER)
    text = wanted.strip()
    fault = Fault.find(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    if fault is None:
        raise Refused(Fault.OPERATOR_INPUT, field=HEADER, why=f"no error has the code {text[:20]!r}")
    if fault is Fault.THROTTLED:
        left = {"X-RateLimit-Remaining": "0", "Retry-After": context.headers["X-RateLimit-Reset"]}
        context.headers.update(left)
    parameters = [name for _, name, _, _ in string.Formatter().parse(fault.row.message) if name]
    raise Refused(fault, **{name: f"<{name}>" for name in parameters})
