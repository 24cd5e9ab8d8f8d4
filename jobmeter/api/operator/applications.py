"""``/operator/applications``: lists applications, replaces a lost secret, permits an application to create tokens."""

from typing import Any

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_path_id, read_query_id, read_query_text
from jobmeter.http.responses import json_response, page_response, serialize_secret
from jobmeter.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application, ListedPage
from jobmeter.partners.secrets import flow as secrets
from jobmeter.partners.tokens import flow as tokens


class TokenPermissionBody(OperatorBody):
    are_allowed: bool
    include_children: bool = False


class SecretBody(OperatorBody):
    """``retiresOlder`` removes the older of two secrets first; a third one is refused. ``revokesOthers`` removes all others at once."""

    retires_older: bool = False
    revokes_others: bool = False


async def list_applications(context: RequestContext) -> Response:
    """Parents and children in the order of their ids; ``partnerId`` selects those of one partner.

    ``search`` is the beginning of the name, or the whole client id or foreign id.
    """
    page = read_page(context.request)
    wanted = ListedPage(
        after=page.after, rows_max=page.rows_max + 1, search=read_query_text(context.request, "search")
    )
    partner_id = read_query_id(context.request, "partnerId")
    async with context.app.database.connection() as connection:
        found = await partners.list_applications(connection, wanted, partner_id=partner_id)
    return page_response(found, page, serialize=serialize_application, key=lambda one: one.id)


async def show_application(context: RequestContext) -> Response:
    """With the age, the last four characters and the last use of its valid client secrets, which are never shown."""
    async with context.app.database.connection() as connection:
        application = await _find_application(connection, context)
        live = await secrets.list_live_secrets(connection, application=application)
        ages = await secrets.describe_secrets(connection, application=application)
        is_permitted = await tokens.is_permitted(connection, application=application)
    shown = {"secrets": [serialize_secret(one) for one in live], "mayCreateTokens": is_permitted}
    content = serialize_application(application) | {"description": application.description}
    return json_response(content | ages | shown)


async def replace_secret(context: RequestContext, body: SecretBody) -> Response:
    """Responds 201 with another secret for an application that lost its own; it is never shown again.

    The one before it stays valid, so that a rotation has no outage, unless it is revoked: if others may know it.
    """
    async with context.app.database.transaction() as connection:
        application = await _find_application(connection, context)
        before = await secrets.describe_secrets(connection, application=application)
        secret = await secrets.replace_secret(
            connection,
            application=application,
            retires_older=body.retires_older,
            revokes_others=body.revokes_others,
            now=context.now,
        )
        await _record_secrets(connection, context, Action.APPLICATION_ADD_SECRET, application, before)
    credentials = {"client_id": application.client_id, "client_secret": secret}
    return json_response({"key": application.urn, "credentials": credentials}, status=201)


async def permit_tokens(context: RequestContext, body: TokenPermissionBody) -> Response:
    """Returns how many tokens were revoked; every process refuses the application from now on, however it signs in."""
    async with context.app.database.transaction() as connection:
        application = await _find_application(connection, context)
        was_allowed = await tokens.is_permitted(connection, application=application)
        revoked = await tokens.allow_tokens(
            connection,
            application=application,
            is_allowed=body.are_allowed,
            includes_children=body.include_children,
            now=context.now,
        )
        await context.record(
            connection,
            Action.APPLICATION_PERMIT_TOKENS,
            application.id,
            partner_id=application.partner_id,
            before={"areAllowed": was_allowed},
            after={
                "areAllowed": body.are_allowed,
                "includeChildren": body.include_children,
                "revoked": revoked,
            },
        )
    return json_response({"key": application.urn, "areAllowed": body.are_allowed, "revoked": revoked})


async def retire_secret(context: RequestContext) -> Response:
    """Ends a rotation: removes the older of two client secrets. An only one stays, so that it is safe to repeat."""
    async with context.app.database.transaction() as connection:
        application = await _find_application(connection, context)
        before = await secrets.describe_secrets(connection, application=application)
        left = await secrets.retire_older_secret(connection, application=application)
        await _record_secrets(connection, context, Action.APPLICATION_RETIRE_SECRET, application, before)
    return json_response({"key": application.urn, "secrets": left})


def serialize_application(application: Application) -> dict[str, Any]:
    """``partner`` is the id of the partner's parent application, ``null`` for a parent; secrets are never shown."""
    return {
        "id": application.id,
        "key": application.urn,
        "name": application.name,
        "clientId": application.client_id,
        "partner": application.parent_id,
        "uniqueForeignId": application.unique_foreign_id,
    }


async def _record_secrets(
    connection: Connection,
    context: RequestContext,
    action: Action,
    application: Application,
    before: dict[str, Any],
) -> None:
    after = await secrets.describe_secrets(connection, application=application)
    await context.record(
        connection, action, application.id, partner_id=application.partner_id, before=before, after=after
    )


async def _find_application(connection: Connection, context: RequestContext) -> Application:
    """The application that the path names. Raises ``Refused(OPERATOR_UNKNOWN)``."""
    application_id = read_path_id(context.request, "application_id", what="application")
    application = await partners.find_application(connection, application_id=application_id)
    if application is None:
        raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=application_id)
    return application
