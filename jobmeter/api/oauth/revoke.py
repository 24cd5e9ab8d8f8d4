"""``POST /oauth/v2/revoke``: ends a token of the caller's own at once (RFC 7009)."""

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.context import app_context_of
from jobmeter.api.http.responses import oauth_refusal
from jobmeter.api.oauth.access_token import UNCACHED
from jobmeter.api.oauth.forms import check_present, read_client_form
from jobmeter.base.faults import Refused
from jobmeter.partners.tokens import flow as tokens


async def revoke_token(request: Request) -> Response:
    """Answers 200 without a body, also for a token that is unknown or another's: nothing can be probed."""
    try:
        form = await read_client_form(request)
        check_present(form, "client_id", "client_secret", "token")
        state = app_context_of(request)
        now = await state.clock.read()
        async with state.database.transaction() as connection:
            application = await tokens.authenticate_client(
                connection, client_id=form["client_id"], client_secret=form["client_secret"]
            )
            await tokens.revoke_token(connection, application=application, token=form["token"], now=now)
    except Refused as refused:
        return oauth_refusal(refused)
    return Response(headers=UNCACHED)
