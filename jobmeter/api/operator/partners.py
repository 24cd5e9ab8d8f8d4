"""``/operator/partners``: lists and shows partners, creates one with its parent application, sets its name and reference.

``/operator/overview``: how they and the installation are doing; ``/operator/search``: anything by number, name or external id.
"""

from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import format_amount
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_path_id, read_query_text
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.http.schemas import OperatorBody
from jobmeter.partners.applications import flow as partners
from jobmeter.partners.model import ListedPage, PartnerChange
from jobmeter.reports.cockpit import flow as cockpit
from jobmeter.reports.cockpit.model import PartnerFigures
from jobmeter.reports.search import flow as search
from jobmeter.settlement.days import flow as settlement

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


async def show_overview(context: RequestContext) -> Response:
    """Of today, views and apply clicks that count. Of a page of partners, what they spent in 30 days and how they are doing."""
    page = read_page(context.request)
    async with context.app.database.snapshot() as connection:
        activity = await cockpit.read_activity(connection, now=context.now)
        settled_through = await settlement.read_settled_through(connection)
        wanted = ListedPage(after=page.after, rows_max=page.rows_max + 1)
        listed = await partners.list_partners(connection, wanted)
        figures = await cockpit.list_partner_figures(
            connection, partner_ids=[one.id for one in listed[: page.rows_max]], now=context.now
        )
    queues = activity.queues
    more = listed[page.rows_max - 1].id if len(listed) > page.rows_max else None
    return json_response(
        {
            "settledThrough": format_time(settled_through),
            "viewsToday": activity.views,
            "applyClicksToday": activity.clicks,
            "newestEventAt": format_time(activity.newest_event_at),
            "tasksInProgress": queues.tasks,
            "oldestTaskAt": format_time(queues.oldest_task_at),
            "deliveriesGivenUp": queues.dead,
            "webhooksWithDeliveriesGivenUp": queues.dead_endpoints,
            "feedsNotRead": queues.faulty_feeds,
            "sealedAt": format_time(queues.sealed_at),
            "partners": [_serialize_partner(one) for one in figures],
            "nextAfter": more,
        }
    )


def _serialize_partner(figures: PartnerFigures) -> dict[str, Any]:
    return {
        "id": figures.partner_id,
        "state": figures.state,
        "applications": figures.applications,
        "promotedJobs": figures.promoted,
        "budgets": [
            {
                "currencyCode": one.currency,
                "limit": format_amount(one.limit_micros, one.currency),
                "free": format_amount(one.free_micros, one.currency),
                "spentIn30Days": format_amount(one.spent_micros, one.currency),
            }
            for one in figures.budgets
        ],
    }


async def find_anything(context: RequestContext) -> Response:
    """``q`` is the number of a partner, application, contract or job, the reference of a charge, the key of an event, the number of
    an invoice, a job's external id, or a part of a name. At most 20 of each kind.
    """
    text = read_query_text(context.request, "q")
    if not text:
        raise Refused(Fault.PARAMETER_REQUIRED, name="q")
    async with context.app.database.connection() as connection:
        found = await search.find_anything(connection, text)
    elements = [
        {
            "kind": hit.kind,
            "key": hit.key,
            "name": hit.name or None,
            "partner": hit.partner_id,
            "target": hit.target,
        }
        for hit in found
    ]
    return json_response({"elements": elements})


def _read_id(context: RequestContext) -> int:
    return read_path_id(context.request, "partner_id", what="partner")
