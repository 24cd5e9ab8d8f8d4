"""``POST /events``: a batch of views and apply clicks from the operator's job board."""

from typing import Any

from psycopg_pool import PoolTimeout
from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import EVENTS_BODY_BYTES_MAX
from jobmeter.http.admission import OverloadedError
from jobmeter.http.bodies import expand_body
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response
from jobmeter.metering.batches import flow as batches
from jobmeter.metering.intake import flow as metering
from jobmeter.metering.intake.flow import TAKEN_BACK
from jobmeter.metering.model import IntakeReply
from jobmeter.telemetry.metrics.flow import count_batch
from jobmeter.wire.cloud_events import list_attributes
from jobmeter.wire.restli.tunnel import read_media_type


async def receive_events(context: RequestContext) -> Response:
    """Responds 200 once every event counted in the response is durable."""
    try:
        # The body is expanded only after admission, which bounds the memory that all bodies use.
        async with context.app.intake_gate.enter():
            reply = await _ingest(context)
    except (*TAKEN_BACK, OverloadedError) as error:
        # A day was closed or a live window changed during intake, or too many batches are in progress: nothing
        # was recorded, or, where the database is distributed, some of it: what is sent again is a duplicate then.
        raise Refused(Fault.OVERLOADED) from error
    except PoolTimeout as error:
        raise context.app.database.refuse(error) from error
    count_batch(
        accepted=reply.accepted,
        duplicate=reply.duplicate,
        rejected=reply.rejected,
        clicks_charged=reply.clicks_charged,
    )
    if reply.jobs_noted:
        context.app.wake_worker()
    return json_response(serialize_intake_reply(reply))


async def _ingest(context: RequestContext) -> IntakeReply:
    headers, app = context.request.headers, context.app
    body = await expand_body(context.body, headers.get("content-encoding"), bytes_max=EVENTS_BODY_BYTES_MAX)
    media = read_media_type(headers.get("content-type"))
    events = await metering.read_batch(body, media, list_attributes(headers))
    # A batch may have waited for admission: filters use the time at which its events are recorded.
    now = await app.clock.read()
    return await batches.record_batch(
        app.database,
        events,
        known=app.known,
        now=now,
        future_tolerance_seconds=app.settings.future_tolerance_seconds,
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
