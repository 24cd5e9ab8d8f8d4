"""``/operator/partners``: lists and shows partners, creates one with its parent application, sets its name and reference."""

from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_path_id, read_query_text
from jobmeter.http.responses import json_response, page_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage, PartnerChange

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$", strip_whitespace=True)
]
Reference = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$", strip_whitespace=True)]


class PartnerBody(OperatorBody):
    """``reference`` is your own name of the partner, such as a customer number; a repetition with it returns the same partner."""

    name: Name
    reference: Annotated[Reference, StringConstraints(min_length=1)] | None = None


class PartnerChangeBody(OperatorBody):
    """What is absent remains unchanged; an empty reference removes it."""

    name: Name | None = None
    reference: Reference | None = None


async def create_partner(context: RequestContext, body: PartnerBody) -> Response:
    """Responds 201 with the credentials; the secret is never shown again. 409 if there is a partner of this name.

    With a ``reference`` that a partner of this name has, responds 200 with that partner, without a secret.
    """
    async with context.app.database.transaction() as connection:
        partner, secret = await partners.open_partner(
            connection, name=body.name, reference=body.reference, now=context.now
        )
        if secret is not None:
            await context.record(
                connection,
                Action.PARTNER_CREATE,
                partner.id,
                partner_id=partner.id,
                after=partners.describe_partner(partner),
            )
    content: dict[str, Any] = partners.describe_partner(partner) | {"wasRepeated": secret is None}
    if secret is not None:
        content["credentials"] = {"client_id": partner.client_id, "client_secret": secret}
    return json_response(content, status=200 if secret is None else 201)


async def list_partners(context: RequestContext) -> Response:
    """In the order of their ids; ``search`` is a part of the name, or the client id, ``reference`` your own."""
    page = read_page(context.request)
    wanted = ListedPage(
        after=page.after, rows_max=page.rows_max + 1, search=read_query_text(context.request, "search")
    )
    async with context.app.database.connection() as connection:
        found = await partners.list_partners(
            connection, wanted, reference=read_query_text(context.request, "reference") or None
        )
    return page_response(found, page, serialize=partners.describe_partner, key=lambda one: one.id)


async def show_partner(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        found = await partners.find_partner(connection, partner_id=_read_id(context))
    return json_response(partners.describe_partner(found))


async def change_partner(context: RequestContext, body: PartnerChangeBody) -> Response:
    """409 if another partner has the name or the reference."""
    if body.name is None and body.reference is None:
        raise Refused(Fault.OPERATOR_INPUT, field="name, reference", why="give at least one of them")
    change = PartnerChange(name=body.name, reference=body.reference)
    async with context.app.database.transaction() as connection:
        before = await partners.find_partner(connection, partner_id=_read_id(context))
        changed = await partners.change_partner(connection, change, partner_id=before.id)
        await context.record(
            connection,
            Action.PARTNER_CHANGE,
            changed.id,
            partner_id=changed.id,
            before=partners.describe_partner(before),
            after=partners.describe_partner(changed),
        )
    return json_response(partners.describe_partner(changed))


def _read_id(context: RequestContext) -> int:
    return read_path_id(context.request, "partner_id", what="partner")
