"""``POST /oauth/v2/revoke``: revokes one of the caller's tokens at once (RFC 7009)."""

from starlette.responses import Response

from jobmeter.api.oauth.access_token import UNCACHED
from jobmeter.api.oauth.forms import check_present, count_client_call, read_client_form
from jobmeter.http.context import RequestContext
from jobmeter.partners.tokens import flow as tokens


async def revoke_token(context: RequestContext) -> Response:
    """Responds 200 without a body, also for unknown tokens and those of others, so that tokens cannot be probed."""
    form = read_client_form(context)
    check_present(form, "client_id", "client_secret", "token")
    await count_client_call(context, form)
    async with context.app.database.transaction() as connection:
        application = await tokens.authenticate_client(
            connection, client_id=form["client_id"], client_secret=form["client_secret"]
        )
        await tokens.revoke_token(connection, application=application, token=form["token"], now=context.now)
    return Response(headers=UNCACHED)
