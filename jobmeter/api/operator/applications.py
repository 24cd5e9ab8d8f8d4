"""``/operator/applications/{id}/tokens``: permits an application to create tokens, or forbids it and revokes its tokens."""

from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.parameters import read_path_id
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.base.faults import Fault, Refused
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.tokens import flow as tokens


class TokenPermissionBody(OperatorBody):
    are_allowed: bool
    include_children: bool = False


async def permit_tokens(context: RequestContext, body: TokenPermissionBody) -> Response:
    """Returns how many tokens were revoked; every process refuses the application from now on, however it signs in."""
    application_id = read_path_id(context.request, "application_id", what="application")
    async with context.app.database.transaction() as connection:
        application = await partners.find_application(connection, application_id=application_id)
        if application is None:
            raise Refused(Fault.OPERATOR_UNKNOWN, what="application", key=application_id)
        revoked = await tokens.allow_tokens(
            connection,
            application=application,
            is_allowed=body.are_allowed,
            includes_children=body.include_children,
            now=context.now,
        )
    return json_response({"key": application.urn, "areAllowed": body.are_allowed, "revoked": revoked})
