"""``POST /operator/partners``: creates a partner with its parent application."""

from typing import Annotated

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners


class PartnerBody(OperatorBody):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


async def create_partner(context: RequestContext, body: PartnerBody) -> Response:
    """Responds 201 with the credentials; the secret is never shown again."""
    async with context.app.database.transaction() as connection:
        made = await partners.create_parent(connection, name=body.name, now=context.now)
    content = {
        "id": made.application.id,
        "key": made.application.urn,
        "credentials": {"client_id": made.application.client_id, "client_secret": made.client_secret},
    }
    return json_response(content, status=201)
