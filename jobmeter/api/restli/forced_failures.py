"""Owns forced failures: in a sandbox a request header, or what a person has set, selects the error; another header says how the
tasks of operations end. A production server refuses both headers.

Does not own the errors (``base.faults``) or the outcomes of tasks (``jobs.model``).
"""

import string

from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.jobs.model import FORCED_OUTCOMES
from jobmeter.sandbox_controls import flow as controls

HEADER = "X-Jobmeter-Fail"
TASK_HEADER = "X-Jobmeter-Task"


def check_forced_failure(context: RequestContext) -> None:
    """Raises the fault whose code or ``serviceErrorCode`` the header names. A forced THROTTLED has the same headers as a
    real one.

    Raises ``Refused``: FAILURE_SANDBOX_ONLY in production, OPERATOR_INPUT for an unknown code.
    """
    text = _read_header(context, HEADER)
    if text is None:
        return
    fault = Fault.find(int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    if fault is None:
        raise Refused(Fault.OPERATOR_INPUT, field=HEADER, why=f"no error has the code {text[:20]!r}")
    _fail(context, fault)


async def check_set_failure(context: RequestContext) -> None:
    """Raises the fault that the next calls shall return, if one is set in the sandbox. The response says so in a header:
    otherwise nobody would know that it was caused on purpose.
    """
    if context.app.sandbox is None:
        return
    async with context.app.database.connection() as connection:
        code = await controls.take_failure(connection)
    fault = None if code is None else Fault.find(code)
    if fault is not None:
        context.headers[HEADER] = str(code)
        _fail(context, fault)


def _fail(context: RequestContext, fault: Fault) -> None:
    if fault is Fault.THROTTLED:
        left = {"X-RateLimit-Remaining": "0", "Retry-After": context.headers["X-RateLimit-Reset"]}
        context.headers.update(left)
    parameters = [name for _, name, _, _ in string.Formatter().parse(fault.row.message) if name]
    raise Refused(fault, **{name: f"<{name}>" for name in parameters})


def read_forced_outcome(context: RequestContext) -> str | None:
    """Returns how the tasks of the request's operations shall end: ``PROCESSED``, or the reference code of a field.

    Raises ``Refused``: FAILURE_SANDBOX_ONLY in production, OPERATOR_INPUT for an unknown outcome.
    """
    outcome = _read_header(context, TASK_HEADER)
    if outcome is not None and outcome not in FORCED_OUTCOMES:
        raise Refused(
            Fault.OPERATOR_INPUT, field=TASK_HEADER, why=f"send one of {', '.join(FORCED_OUTCOMES)}"
        )
    return outcome


def _read_header(context: RequestContext, name: str) -> str | None:
    wanted = context.request.headers.get(name)
    if wanted is not None and not context.app.settings.sandbox:
        raise Refused(Fault.FAILURE_SANDBOX_ONLY, header=name)
    return None if wanted is None else wanted.strip()
