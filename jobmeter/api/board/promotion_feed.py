"""``/delivery``: which jobs a job board promotes and which it stops, as changes after a cursor and as a snapshot."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

import msgspec
from starlette.responses import Response

from jobmeter.base.ids import URN_APPLICATION, shard_of
from jobmeter.base.settings import Settings
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.http.parameters import read_query_number
from jobmeter.http.responses import ExportResponse, chain_chunks, json_response
from jobmeter.promotion import flow as delivery
from jobmeter.promotion.model import PromotionChange
from jobmeter.wire.links import make_links

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
WAIT_SECONDS_MAX = 60
NDJSON = "application/x-ndjson"


async def follow_changes(context: RequestContext) -> Response:
    """``?after=`` is the ``cursor`` of the previous response; ``wait`` is how many seconds (at most 60) to wait for a change."""
    request, app = context.request, context.app
    after = read_query_number(request, "after", 0, largest=10**18)
    limit = max(read_query_number(request, "limit", LIMIT_DEFAULT, largest=LIMIT_MAX), 1)
    wait = read_query_number(request, "wait", 0, largest=WAIT_SECONDS_MAX)
    changes, cursor = await _read(app, after, limit)
    if not changes and wait:
        await app.change_watch.wait(after, seconds=wait)
        changes, cursor = await _read(app, after, limit)
    return json_response(
        {
            "elements": [serialize_change(change, app.settings) for change in changes],
            "cursor": str(cursor),
            "hasMore": len(changes) == limit,
        }
    )


async def _read(app: AppContext, after: int, limit: int) -> tuple[list[PromotionChange], int]:
    async with app.database.connection() as connection:
        return await delivery.read_changes(connection, after=after, rows_max=limit)


async def take_snapshot(context: RequestContext) -> Response:
    """NDJSON: a line with the ``cursor`` to continue from, then one line for each job that is promoted now."""
    chunks = _write_snapshot(context.app)
    async with AsyncExitStack() as held:
        await held.enter_async_context(aclosing(chunks))
        # Until the response has begun, a failure can be reported as such.
        first = await anext(chunks)
        return ExportResponse(
            chain_chunks(first, chunks),
            held.pop_all(),
            media_type=NDJSON,
            headers={"Cache-Control": "no-store"},
        )


async def _write_snapshot(app: AppContext) -> AsyncGenerator[bytes, None]:
    async with app.database.snapshot() as connection:
        cursor = await delivery.read_last_number(connection)
        yield msgspec.json.encode({"cursor": str(cursor)}) + b"\n"
        async for portion in delivery.stream_snapshot(connection):
            lines = [msgspec.json.encode(serialize_change(change, app.settings)) for change in portion]
            yield b"\n".join(lines) + b"\n"


def serialize_change(change: PromotionChange, settings: Settings) -> dict[str, Any]:
    job_id = change.job_id
    shown = {
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
    return ({"cursor": str(change.number)} | shown) if change.number else shown
