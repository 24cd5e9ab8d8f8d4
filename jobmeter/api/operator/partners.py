"""``/operator/partners``: lists partners, and creates one with its parent application."""

from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.api.http.context import RequestContext
from jobmeter.api.http.parameters import read_page
from jobmeter.api.http.responses import json_response, page_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import Application


class PartnerBody(OperatorBody):
    name: Annotated[
        str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$", strip_whitespace=True)
    ]


async def create_partner(context: RequestContext, body: PartnerBody) -> Response:
    """Responds 201 with the credentials; the secret is never shown again. 409 if there is a partner of this name."""
    async with context.app.database.transaction() as connection:
        made = await partners.open_partner(connection, name=body.name, now=context.now)
    content = {
        "id": made.application.id,
        "key": made.application.urn,
        "credentials": {"client_id": made.application.client_id, "client_secret": made.client_secret},
    }
    return json_response(content, status=201)


async def list_partners(context: RequestContext) -> Response:
    """In the order of their ids; ``after`` continues, ``count`` is at most 200."""
    page = read_page(context.request)
    async with context.app.database.connection() as connection:
        found = await partners.list_applications(
            connection, after=page.after, rows_max=page.rows_max + 1, are_parents=True
        )
    return page_response(found, page, serialize=serialize_application, key=lambda one: one.id)


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
