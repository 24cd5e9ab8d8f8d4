"""``POST /operator/partners``: a partner's parent application."""

from typing import Annotated

from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from jobmeter.api.http.bodies import read_operator_body
from jobmeter.api.http.context import AppContext
from jobmeter.api.http.responses import json_response
from jobmeter.api.http.schemas import OperatorBody
from jobmeter.api.operator.gateway import with_operator_key
from jobmeter.partners.applications import flow as partners


class PartnerBody(OperatorBody):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


@with_operator_key
async def create_partner(request: Request, state: AppContext) -> Response:
    """Answers 201 with the credentials: the only time the secret is shown."""
    body = await read_operator_body(request, PartnerBody)
    now = await state.clock.read()
    async with state.database.transaction() as connection:
        made = await partners.create_parent(connection, name=body.name, now=now)
    content = {
        "id": made.application.id,
        "key": made.application.urn,
        "credentials": {"client_id": made.application.client_id, "client_secret": made.client_secret},
    }
    return json_response(content, status=201)
