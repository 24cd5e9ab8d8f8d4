"""``/operator/webhooks``: the webhooks of all partners and their deliveries. Only partners register and change them."""

from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.ids import URN_APPLICATION
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import (
    NO_ID,
    PAGE_ROWS,
    PAGE_ROWS_MAX,
    Page,
    read_page,
    read_path_id,
    read_query_day,
    read_query_id,
    read_query_number,
)
from jobmeter.http.responses import format_time, json_response, page_response
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.listing import flow as listing
from jobmeter.notifications.model import (
    Delivery,
    DeliveryFilter,
    DeliveryPosition,
    DeliveryState,
    NotificationEndpoint,
    NotificationKind,
)

DAYS_SHOWN = 7
DELIVERIES_FROM = date(1970, 1, 8)  # a week before is a day that can be read


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
    """Newest first, of the last 7 days or from ``from`` to ``to``; ``deliveryState`` selects WAITING, DELIVERED or DEAD, ``kind`` a kind.

    Bodies are the partner's, and not shown.
    """
    count = read_query_number(context.request, "count", PAGE_ROWS, largest=PAGE_ROWS_MAX)
    if count == 0:
        raise Refused(Fault.PARAMETER_INVALID, name="count")
    state = _read_state(context.request.query_params.get("deliveryState"))
    wanted = read_delivery_filter(context, state=state, rows_max=count + 1)
    async with context.app.database.connection() as connection:
        endpoint = await listing.find_endpoint(connection, endpoint_id=_read_id(context))
        found = await notifications.list_deliveries(connection, endpoint, wanted)
    page = Page(after=0, rows_max=count)
    return page_response(found, page, serialize=_serialize_delivery, key=lambda one: one.position.to_text())


def read_delivery_days(context: RequestContext) -> tuple[datetime, datetime]:
    """Reads ``from`` and ``to``, days that are both included; without them the newest. Returns the first moment, and the one after the last.

    Raises ``Refused(PARAMETER_INVALID)``.
    """
    last = read_query_day(context.request, "to", default=day_of(context.now))
    week_before = max(last, DELIVERIES_FROM) - timedelta(days=DAYS_SHOWN - 1)
    return start_of(read_query_day(context.request, "from", default=week_before)), end_of(last)


def read_delivery_filter(
    context: RequestContext, *, state: DeliveryState | None, rows_max: int
) -> DeliveryFilter:
    """Reads the days, ``kind`` and ``after``. Raises ``Refused(PARAMETER_INVALID)``."""
    since, until = read_delivery_days(context)
    before = _read_position(context.request.query_params.get("after", "")) or DeliveryPosition(until, NO_ID)
    return DeliveryFilter(
        state=state,
        kind=_read_kind(context.request.query_params.get("kind")),
        since=since,
        until=until,
        before_at=before.at,
        before_number=before.number,
        rows_max=rows_max,
    )


def _read_position(text: str) -> DeliveryPosition | None:
    if text in {"", "0"}:
        return None
    position = DeliveryPosition.parse(text)
    if position is None:
        raise Refused(Fault.PARAMETER_INVALID, name="after")
    return position


def _read_kind(text: str | None) -> NotificationKind | None:
    if not text:
        return None
    if text not in NotificationKind.__members__:
        raise Refused(Fault.PARAMETER_INVALID, name="kind")
    return NotificationKind[text]


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
    return owner | endpoint.describe()


def _serialize_delivery(delivery: Delivery) -> dict[str, Any]:
    return {"number": delivery.number} | serialize_sending(delivery)


def serialize_answer(delivery: Delivery) -> dict[str, Any]:
    """What the endpoint answered to the last attempt: at most 2 KB of its text, control characters as codes."""
    return {
        "status": delivery.answer_status,
        "text": delivery.answer_text,
        "milliseconds": delivery.answer_ms,
    }


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
        "answer": None if delivery.answer_status is None else serialize_answer(delivery),
        "dueAt": delivery.due_at.isoformat() if delivery.state is DeliveryState.WAITING else None,
        "createdAt": delivery.created_at.isoformat(),
        "finishedAt": format_time(delivery.finished_at),
    }
