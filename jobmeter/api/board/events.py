"""``POST /events``: a batch of views and apply clicks from the operator's job board."""

from typing import Any

from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.admission import OverloadedError
from jobmeter.api.http.bodies import check_key, expand_body, read_body
from jobmeter.api.http.context import AppContext, app_context_of
from jobmeter.api.http.responses import json_response, plain_refusal, service_unavailable
from jobmeter.base.faults import Refused
from jobmeter.base.limits import EVENTS_BODY_BYTES_MAX
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import TAKEN_BACK
from jobmeter.metering.model import IntakeReply
from jobmeter.wire.events import decode_events
from jobmeter.wire.restli.tunnel import read_media_type


async def receive_events(request: Request) -> Response:
    """Answers 200 once everything that the reply counts is durable."""
    state = app_context_of(request)
    try:
        check_key(request, kind="events", key=state.settings.events_key)
        body = await read_body(request, bytes_max=EVENTS_BODY_BYTES_MAX)
        # What a body expands to is held only by those whose turn it is.
        async with state.intake_gate.enter():
            reply = await _ingest(request, state, body)
    except Refused as refused:
        return plain_refusal(refused)
    except (*TAKEN_BACK, PoolTimeout, OverloadedError):
        # A day was closed or a meter changed while the batch was on its way, or too many are at work: nothing
        # was taken in.
        return service_unavailable()
    if reply.jobs_noted:
        state.ring()
    return json_response(serialize_intake_reply(reply))


async def _ingest(request: Request, state: AppContext, body: bytes) -> IntakeReply:
    expanded = expand_body(body, request.headers.get("content-encoding"), bytes_max=EVENTS_BODY_BYTES_MAX)
    events = decode_events(expanded, read_media_type(request.headers.get("content-type")))
    now = await state.clock.read()
    async with state.database.transaction() as connection:
        return await metering.ingest(
            connection,
            events,
            known=state.known,
            now=now,
            future_tolerance_seconds=state.settings.future_tolerance_seconds,
        )


def serialize_intake_reply(reply: IntakeReply) -> dict[str, Any]:
    return {
        "accepted": reply.accepted,
        "duplicate": reply.duplicate,
        "rejected": reply.rejected,
        "rejections": [
            {"index": row.index, "reason": row.verdict.name, "message": row.message}
            for row in reply.rejections
        ],
    }
