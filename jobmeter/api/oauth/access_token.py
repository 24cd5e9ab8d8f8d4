"""``POST /oauth/v2/accessToken``: issues an access token for client credentials (spec 2.2)."""

from starlette.responses import Response

from jobmeter.api.oauth.forms import check_present, count_client_call, read_client_form
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response
from jobmeter.partners.tokens import flow as tokens

# RFC 6749, 5.1: token responses must not be cached.
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def create_access_token(context: RequestContext) -> Response:
    form = read_client_form(context)
    check_present(form, "grant_type", "client_id", "client_secret")
    if form["grant_type"] != "client_credentials":
        raise Refused(Fault.GRANT_UNSUPPORTED, grant_type=form["grant_type"][:80])
    await count_client_call(context, form)
    async with context.app.database.transaction() as connection:
        token, seconds = await tokens.issue_token(
            connection, client_id=form["client_id"], client_secret=form["client_secret"], now=context.now
        )
    content = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
    return json_response(content, headers=UNCACHED)
