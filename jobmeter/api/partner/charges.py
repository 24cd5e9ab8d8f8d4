"""``GET /partner/charges``: the ordered stream of a partner's charges, corrections and restatements."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_bearer
from jobmeter.api.http.context import state_of
from jobmeter.api.http.responses import json_response, plain_refusal
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.pool import Database
from jobmeter.ledger.chain import flow as chain
from jobmeter.partners.tokens import flow as tokens
from jobmeter.reports.charge_stream import flow as stream
from jobmeter.reports.charge_stream.model import serialize_entry

LIMIT_DEFAULT = 100
CURSOR_DIGITS_MAX = 18


async def follow_charges(request: Request) -> Response:
    """``?after=`` takes the ``cursor`` of the page before; ``limit`` is at most 1,000."""
    state = state_of(request)
    try:
        after = _read_number(request, "after", 0, largest=10**CURSOR_DIGITS_MAX)
        rows_max = _read_number(request, "limit", LIMIT_DEFAULT, largest=stream.PAGE_ROWS_MAX)
        token = read_bearer(request)
        if token is None:
            raise Refused(Fault.TOKEN_EMPTY)
        now = await state.clock.read()
        await _know_the_last(state.database)
        async with state.database.connection() as connection:
            application = await tokens.authenticate(connection, token=token, now=now)
            page = await stream.read_stream(
                connection, application=application, after=after, rows_max=max(rows_max, 1)
            )
    except Refused as refused:
        return plain_refusal(refused)
    return json_response(
        {
            "elements": [serialize_entry(entry) for entry in page.entries],
            "cursor": str(page.cursor),
            "hasMore": page.has_more,
        }
    )


async def _know_the_last(database: Database) -> None:
    """Whoever reads the stream finds what is committed by now, and nobody else pays for it (see the horizon)."""
    for _ in range(2):
        async with database.transaction() as connection:
            await chain.advance_horizon(connection)


def _read_number(request: Request, name: str, default: int, *, largest: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= CURSOR_DIGITS_MAX):
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    return min(int(text), largest)
