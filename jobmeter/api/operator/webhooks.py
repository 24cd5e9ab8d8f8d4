"""``/operator/webhooks``: the webhooks of all partners and their deliveries. Only partners register and change them."""

from typing import Any

from starlette.responses import Response

from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_page, read_path_id, read_query_id
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.listing import flow as listing
from jobmeter.notifications.model import Delivery, DeliveryState, NotificationEndpoint


async def list_webhooks(context: RequestContext) -> Response:
    """In the order of their ids, without removed ones; ``applicationId`` selects those of one application."""
    page, application_id = read_page(context.request), read_query_id(context.request, "applicationId")
    async with context.app.database.connection() as connection:
        found = await listing.list_endpoints(
            connection, after=page.after, rows_max=page.rows_max + 1, application_id=application_id
        )
    return page_response(found, page, serialize=_serialize_webhook, key=lambda one: one.id)


async def show_webhook(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        found = await listing.find_endpoint(connection, endpoint_id=_read_id(context))
    return json_response(_serialize_webhook(found))


async def list_deliveries(context: RequestContext) -> Response:
    """Oldest first; ``deliveryState`` selects WAITING, DELIVERED or DEAD. Bodies are the partner's, and not shown."""
    page, state = read_page(context.request), _read_state(context.request.query_params.get("deliveryState"))
    async with context.app.database.connection() as connection:
        endpoint = await listing.find_endpoint(connection, endpoint_id=_read_id(context))
        found = await notifications.list_deliveries(
            connection, endpoint, state=state, after=page.after, rows_max=page.rows_max + 1
        )
    return page_response(found, page, serialize=_serialize_delivery, key=lambda one: one.number)


def _read_state(text: str | None) -> DeliveryState | None:
    if not text:
        return None
    if text.upper() not in DeliveryState.__members__:
        raise Refused(Fault.PARAMETER_INVALID, name="deliveryState")
    return DeliveryState[text.upper()]


def _read_id(context: RequestContext) -> int:
    return read_path_id(context.request, "webhook_id", what="webhook")


def _serialize_webhook(endpoint: NotificationEndpoint) -> dict[str, Any]:
    owner = {"id": endpoint.id, "application": f"{URN_APPLICATION}{endpoint.application_id}"}
    return owner | serialize_endpoint(endpoint)


def serialize_endpoint(endpoint: NotificationEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url or None,
        "email": endpoint.email or None,
        "kinds": list(endpoint.kinds),
        "createdAt": endpoint.created_at.isoformat(),
        "pausedUntil": format_time(endpoint.paused_until),
        "disabledAt": format_time(endpoint.gone_at),
    }


def _serialize_delivery(delivery: Delivery) -> dict[str, Any]:
    return {"number": delivery.number} | serialize_sending(delivery)


def serialize_sending(delivery: Delivery) -> dict[str, Any]:
    """A delivery without its number, which partners read as a text."""
    return {
        "id": str(delivery.id),
        "way": delivery.channel,
        "kind": delivery.kind,
        "subject": delivery.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "lastOutcome": delivery.last_outcome or None,
        "dueAt": delivery.due_at.isoformat() if delivery.state is DeliveryState.WAITING else None,
        "createdAt": delivery.created_at.isoformat(),
        "finishedAt": format_time(delivery.finished_at),
    }
