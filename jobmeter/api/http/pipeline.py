"""Owns the way of every request: clock, URL, endpoint, credentials, quota, body, idempotency, handler; and the way out
of each that is refused, fails, or meets a database that is away.

Does not own how a protocol signs callers in, what it reads or how it writes responses (its ``Dialect``).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from jobmeter.api.http.bodies import check_declared_length, check_url, drop_body, read_body
from jobmeter.api.http.context import Caller, RequestContext, app_context_of
from jobmeter.api.http.idempotency import HEADER, run_once
from jobmeter.api.http.rate_limits import Throttled
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.outages import UNUSABLE
from jobmeter.request_control.model import Request as IdempotentRequest

log = logging.getLogger("jobmeter.api")


class Target(Protocol):
    """The endpoint that a request names. Calls are counted under ``quota``; under an empty one they are not."""

    @property
    def quota(self) -> str: ...

    @property
    def body_bytes_max(self) -> int: ...


TargetT = TypeVar("TargetT", bound=Target)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCall:
    """A request that has been understood. ``method`` and ``path`` say what an idempotency key belongs to."""

    method: str
    path: str
    body: bytes
    is_write: bool
    run: Callable[[], Awaitable[Response]]


class Dialect(Protocol[TargetT]):
    """What one protocol decides for itself, in this order. All steps but the first and the last may raise ``Refused``."""

    @property
    def throttled(self) -> Fault:
        """The refusal of a caller whose calls of the day are used up."""
        ...

    def open(self, context: RequestContext, /) -> None:
        """Adds the headers that every response of the protocol has."""
        ...

    def find_target(self, context: RequestContext, /) -> TargetT:
        """The endpoint, as far as verb, path and headers name it."""
        ...

    async def authenticate(self, context: RequestContext, target: TargetT, /) -> Caller | None:
        """Who calls; ``None`` where everybody may, or where the body holds the credentials."""
        ...

    def prepare(self, context: RequestContext, target: TargetT, /) -> PreparedCall:
        """Reads the rest of the request, its body among it."""
        ...

    def refuse(self, context: RequestContext, refused: Refused, /) -> Response:
        """The response to whatever was refused, at whichever step."""
        ...


async def serve(request: Request, dialect: Dialect[TargetT]) -> Response:
    app = app_context_of(request)
    context = RequestContext(request, app, now=read_machine_clock())
    dialect.open(context)
    try:
        context.now = await app.clock.read()
        target = await _admit(context, dialect)
        context.body = await read_body(request, bytes_max=target.body_bytes_max)
        response = await _run(context, dialect, dialect.prepare(context, target))
    except Refused as refused:
        response = dialect.refuse(context, refused)
    except UNUSABLE as error:
        app.database.outage.report(error)
        response = dialect.refuse(context, Refused(Fault.OVERLOADED))
    except ClientDisconnect:
        log.info("%s %s: the client went away while it sent the body", request.method, context.path)
        return Response()  # nobody reads it
    except Exception:
        # The text of an unforeseen error may hold a tenant's data: it is logged, and never part of the response.
        log.exception("%s %s failed", request.method, context.path)
        response = dialect.refuse(context, Refused(Fault.INTERNAL))
    # None of them is in the response yet: nothing needs to be looked for and replaced.
    response.raw_headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in context.headers.items()
    ]
    return response


async def _admit(context: RequestContext, dialect: Dialect[TargetT]) -> TargetT:
    """All that is judged before the body is read: nobody without credentials makes the server hold one."""
    try:
        check_url(context.request)
        target = dialect.find_target(context)
        check_declared_length(context.request, bytes_max=target.body_bytes_max)
        context.caller = await dialect.authenticate(context, target)
        if target.quota:
            await _count_call(context, target, dialect.throttled)
    except Exception:
        await drop_body(context.request)
        raise
    return target


async def _count_call(context: RequestContext, target: Target, throttled: Fault) -> None:
    """Every call of a known application counts, whatever becomes of it (spec 12.5); each response says what is left."""
    try:
        quota = await context.app.rate_limits.take(
            application_id=context.application.id, resource=target.quota, now=context.now
        )
    except Throttled as refused:
        quota = refused.quota
        context.headers.update(quota.headers | {"Retry-After": str(quota.resets_in_seconds)})
        raise Refused(throttled) from refused
    context.headers.update(quota.headers)


async def _run(context: RequestContext, dialect: Dialect[TargetT], call: PreparedCall) -> Response:
    """A write with an ``Idempotency-Key`` runs once; its response, a refusal too, is sent again for each repeat."""
    key = context.request.headers.get(HEADER) if call.is_write and context.caller is not None else None
    if key is None or context.caller is None:
        return await call.run()

    async def run() -> Response:
        try:
            return await call.run()
        except Refused as refused:
            return dialect.refuse(context, refused)

    sent = IdempotentRequest(
        sender=context.caller.sender, method=call.method, path=call.path, key=key.strip(), body=call.body
    )
    return await run_once(context.app, sent, now=context.now, run=run)
