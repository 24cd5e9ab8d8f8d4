"""``POST /oauth/v2/introspectToken``: whether one of the caller's tokens is active, and until when (RFC 7662)."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from jobmeter.api.oauth.access_token import UNCACHED
from jobmeter.api.oauth.forms import check_present, count_client_call, read_client_form
from jobmeter.base.clock import to_ms
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import json_response
from jobmeter.partners.model import Application, TokenLife
from jobmeter.partners.tokens import flow as tokens


async def introspect_token(context: RequestContext) -> Response:
    """Reads ``client_id``, ``client_secret`` and ``token``, as the official JavaScript client sends them."""
    form = read_client_form(context)
    check_present(form, "client_id", "client_secret", "token")
    await count_client_call(context, form)
    async with context.app.database.connection() as connection:
        application = await tokens.authenticate_client(
            connection, client_id=form["client_id"], client_secret=form["client_secret"]
        )
        life = await tokens.find_own_token(connection, application=application, token=form["token"])
    content = {"active": False} if life is None else _serialize(application, life, context.now)
    return json_response(content, headers=UNCACHED)


def _serialize(application: Application, life: TokenLife, now: datetime) -> dict[str, Any]:
    """Describes the caller's own token; any other is only reported as not active (RFC 7662)."""
    status = life.status_at(now)
    issued_at = to_ms(life.issued_at) // 1_000
    return {
        "active": status == "active",
        "status": status,
        "client_id": application.client_id,
        "created_at": issued_at,
        "authorized_at": issued_at,
        "expires_at": to_ms(life.expires_at) // 1_000,
        "auth_type": "2L",
    }
