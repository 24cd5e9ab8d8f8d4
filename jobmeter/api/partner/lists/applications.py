"""``/partner/applications``: what an application sees of itself and of its children; ends all tokens of one."""

from typing import Any

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import Audience, Endpoint
from jobmeter.http.parameters import PAGE, read_page, read_path_id, read_query_text
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import format_time, json_response, page_response, serialize_secret
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage, OwnApplication
from jobmeter.partners.secrets import flow as secrets
from jobmeter.partners.tokens import flow as tokens

PARTNER = Audience.PARTNER


async def list_applications(context: RequestContext) -> Response:
    """A parent application sees itself and its children, a child itself. ``search`` is a part of the name, or a whole id."""
    page = read_page(context.request)
    wanted = ListedPage(
        after=page.after, rows_max=page.rows_max + 1, search=read_query_text(context.request, "search")
    )
    async with context.app.database.connection() as connection:
        found = await partners.list_own_applications(connection, wanted, owner=context.application)
    return page_response(found, page, serialize=_serialize, key=lambda one: one.id)


async def show_application(context: RequestContext) -> Response:
    """With the age, the last four characters and the last use of its valid client secrets, which are never shown."""
    async with context.app.database.connection() as connection:
        found = await _find_application(connection, context)
        live = await secrets.list_live_secrets(connection, application=found)
    return json_response(_serialize(found) | {"secrets": [serialize_secret(one) for one in live]})


async def revoke_tokens(context: RequestContext) -> Response:
    """Ends every token of the application at once; it may create new ones with a valid secret. Returns how many were ended."""
    async with context.app.database.transaction() as connection:
        found = await _find_application(connection, context)
        revoked = await tokens.revoke_all_tokens(connection, application=found, now=context.now)
        await context.record(
            connection,
            Action.APPLICATION_REVOKE_TOKENS,
            found.id,
            partner_id=found.partner_id,
            after={"revoked": revoked},
        )
    return json_response({"id": found.id, "revoked": revoked})


async def _find_application(connection: Connection, context: RequestContext) -> OwnApplication:
    application_id = read_path_id(context.request, "application_id", what="application")
    return await partners.find_own_application(
        connection, owner=context.application, application_id=application_id
    )


def _serialize(application: OwnApplication) -> dict[str, Any]:
    """``lastTokenAt`` is exact to an hour."""
    return {"id": application.id, "clientId": application.client_id, **application.describe()} | {
        "isParent": application.parent_id is None,
        "mayCreateTokens": application.is_permitted,
        "secretsCount": application.secrets,
        "createdAt": application.created_at.isoformat(),
        "lastTokenAt": format_time(application.last_token_at),
    }


# fmt: off
APPLICATIONS: tuple[PlainEndpoint, ...] = (
    Endpoint("GET", "/partner/applications", list_applications, audience=PARTNER, quota="partner",
             parameters=("search", *PAGE), summary="List the caller's application and its children"),
    Endpoint("GET", "/partner/applications/{application_id:int}", show_application, audience=PARTNER, quota="partner",
             summary="Get the caller's application or a child, with its secrets by age"),
    Endpoint("POST", "/partner/applications/{application_id:int}/tokenRevocations", revoke_tokens, audience=PARTNER,
             quota="partner", summary="End all tokens of the caller's application or of a child"),
)
# fmt: on
