"""``/delivery``: which jobs a job board promotes and which it stops: changes behind a cursor, and a snapshot."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from jobmeter.api.http.bodies import check_key
from jobmeter.api.http.context import AppContext, app_context_of
from jobmeter.api.http.parameters import read_query_number
from jobmeter.api.http.responses import json_response, plain_refusal
from jobmeter.base.faults import Refused
from jobmeter.base.ids import URN_APPLICATION, shard_of
from jobmeter.base.settings import Settings
from jobmeter.promotion import flow as delivery
from jobmeter.promotion.model import PromotionChange
from jobmeter.wire.links import make_links

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
WAIT_SECONDS_MAX = 60
NDJSON = "application/x-ndjson"


async def follow_changes(request: Request) -> Response:
    """``?after=`` takes the ``cursor`` of the answer before; ``wait`` seconds (60 at most) are waited for a change."""
    state = app_context_of(request)
    try:
        check_key(request, kind="events", key=state.settings.events_key)
        after = read_query_number(request, "after", 0, largest=10**18)
        limit = read_query_number(request, "limit", LIMIT_DEFAULT, largest=LIMIT_MAX)
        wait = read_query_number(request, "wait", 0, largest=WAIT_SECONDS_MAX)
        changes, cursor = await _read(state, after, max(limit, 1))
        if not changes and wait:
            await state.change_watch.wait(after, seconds=wait)
            changes, cursor = await _read(state, after, max(limit, 1))
    except Refused as refused:
        return plain_refusal(refused)
    return json_response(
        {
            "elements": [serialize_change(change, state.settings) for change in changes],
            "cursor": str(cursor),
            "hasMore": len(changes) == max(limit, 1),
        }
    )


async def _read(state: AppContext, after: int, limit: int) -> tuple[list[PromotionChange], int]:
    async with state.database.connection() as connection:
        return await delivery.read_changes(connection, after=after, rows_max=limit)


async def take_snapshot(request: Request) -> Response:
    """NDJSON: a line with the ``cursor`` to follow from, then one for each job that is promoted at this moment."""
    state = app_context_of(request)
    try:
        check_key(request, kind="events", key=state.settings.events_key)
    except Refused as refused:
        return plain_refusal(refused)
    await state.database.check()  # once the answer has begun it can not be refused any more
    return StreamingResponse(_write_snapshot(state), media_type=NDJSON, headers={"Cache-Control": "no-store"})


async def _write_snapshot(state: AppContext) -> AsyncIterator[bytes]:
    async with state.database.snapshot() as connection:
        cursor = await delivery.read_last_number(connection)
        yield msgspec.json.encode({"cursor": str(cursor)}) + b"\n"
        async for portion in delivery.stream_snapshot(connection):
            lines = [msgspec.json.encode(serialize_change(change, state.settings)) for change in portion]
            yield b"\n".join(lines) + b"\n"


def serialize_change(change: PromotionChange, settings: Settings) -> dict[str, Any]:
    job_id = change.job_id
    drawn = {
        "jobPostingId": job_id,
        "externalJobPostingId": change.external_id,
        "developerApplication": f"{URN_APPLICATION}{change.application_id}",
        "shard": shard_of(job_id),
        "promote": change.is_promoted,
        "reason": change.reason or None,
        "changedAt": change.changed_at.isoformat(),
        "clicksLeft": change.clicks_left,
        **make_links(settings.base_url, job_id, key=settings.secret_key),
    }
    return ({"cursor": str(change.number)} | drawn) if change.number else drawn
