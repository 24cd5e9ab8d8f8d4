"""``/partner/webhooks``: an application's webhooks, their signing secrets, deliveries and replays."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field, StringConstraints
from starlette.responses import Response

from jobmeter.api.operator.webhooks import (
    read_delivery_days,
    read_delivery_filter,
    serialize_sending,
)
from jobmeter.audit.model import Action
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Connection
from jobmeter.http.context import NOTHING, RequestContext
from jobmeter.http.parameters import read_path_id
from jobmeter.http.responses import format_time, json_response
from jobmeter.http.schemas import Email, OperatorBody
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.model import (
    ASKED_KINDS,
    Delivery,
    DeliveryState,
    EndpointDraft,
    NotificationEndpoint,
    NotificationKind,
)

DELIVERIES_SHOWN_MAX = 100
REPLAYED_MAX = 1_000

Url = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00-\x20]*$")]


class WebhookBody(OperatorBody):
    """``url``, ``email`` or both; without a URL, for budget alerts and changes by customers only."""

    kinds: Annotated[tuple[NotificationKind, ...], Field(min_length=1, max_length=len(ASKED_KINDS))]
    url: Url = ""
    email: Email | Literal[""] = ""


class ReplayBody(OperatorBody):
    """The deliveries to send again; all dead ones if the list is empty."""

    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=REPLAYED_MAX)] | None = None


async def register_webhook(context: RequestContext, body: WebhookBody) -> Response:
    """Responds 201 with the signing secret, which is never shown again."""
    check_body(body, is_sandbox=context.app.settings.sandbox)
    async with context.app.database.transaction() as connection:
        endpoint, secret = await endpoints.register_endpoint(
            connection,
            application=context.application,
            url=body.url,
            email=body.email,
            kinds=body.kinds,
            secret_key=context.app.settings.secret_key,
            now=context.now,
        )
        after = endpoint.describe()
        await _record(connection, context, Action.WEBHOOK_REGISTER, endpoint, after=after)
    return json_response(endpoint.describe() | {"secret": secret}, status=201)


def check_body(body: WebhookBody, *, is_sandbox: bool) -> None:
    """Raises ``Refused(OPERATOR_INPUT)`` naming the invalid field."""
    draft = EndpointDraft(body.url, body.email, body.kinds)
    for field, why in endpoints.find_problems(draft, is_sandbox=is_sandbox).items():
        raise Refused(Fault.OPERATOR_INPUT, field=field, why=why)


async def list_webhooks(context: RequestContext) -> Response:
    async with context.app.database.connection() as connection:
        found = await endpoints.list_endpoints(connection, application=context.application)
    return json_response({"elements": [endpoint.describe() for endpoint in found]})


async def show_webhook(context: RequestContext) -> Response:
    """With what is shown of its signing secrets, and how many deliveries of each state and kind the days ``from`` to ``to`` have."""
    since, until = read_delivery_days(context)
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        secrets = await endpoints.list_secrets(
            connection, endpoint, secret_key=context.app.settings.secret_key
        )
        counts = await notifications.count_deliveries(connection, endpoint, since=since, until=until)
    shown = [{"lastFour": one.last_four, "createdAt": format_time(one.created_at)} for one in secrets]
    counted = [{"state": one.state, "kind": one.kind, "deliveries": one.deliveries} for one in counts]
    return json_response(endpoint.describe() | {"secrets": shown, "deliveries": counted})


async def change_webhook(context: RequestContext, body: WebhookBody) -> Response:
    """Replaces address and kinds, and enables the webhook; pending deliveries go to the new address at once."""
    check_body(body, is_sandbox=context.app.settings.sandbox)
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        changed = await endpoints.change_endpoint(
            connection, endpoint, url=body.url, email=body.email, kinds=body.kinds, now=context.now
        )
        before, after = endpoint.describe(), changed.describe()
        await _record(connection, context, Action.WEBHOOK_CHANGE, endpoint, before=before, after=after)
    return json_response(changed.describe())


async def remove_webhook(context: RequestContext) -> Response:
    """Pending deliveries are dropped."""
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        await endpoints.remove_endpoint(connection, endpoint, now=context.now)
        before = endpoint.describe()
        await _record(connection, context, Action.WEBHOOK_REMOVE, endpoint, before=before)
    return Response(status_code=204)


async def rotate_webhook_secret(context: RequestContext) -> Response:
    """Adds a secret: from now on each notification is signed with both, until the older one is retired."""
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        secret = await endpoints.rotate_secret(
            connection, endpoint, secret_key=context.app.settings.secret_key, now=context.now
        )
        before, after = {"secrets": 1}, {"secrets": 2}
        await _record(connection, context, Action.WEBHOOK_ADD_SECRET, endpoint, before=before, after=after)
    return json_response({"id": endpoint.id, "secret": secret}, status=201)


async def retire_webhook_secret(context: RequestContext) -> Response:
    """Removes the older of two secrets."""
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        is_removed = await endpoints.retire_older_secret(connection, endpoint)
        if is_removed:
            before, after = {"secrets": 2}, {"secrets": 1}
            await _record(
                connection, context, Action.WEBHOOK_RETIRE_SECRET, endpoint, before=before, after=after
            )
    return json_response({"id": endpoint.id, "wasRemoved": is_removed})


async def test_webhook(context: RequestContext) -> Response:
    """Sends a notification of kind TEST."""
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        await notifications.post_test(connection, endpoint, now=context.now)
        after = {"sentAt": context.now.isoformat()}
        await _record(connection, context, Action.WEBHOOK_TEST, endpoint, after=after)
    return json_response({"id": endpoint.id}, status=202)


async def list_deliveries(context: RequestContext) -> Response:
    """Newest first, of the last 7 days or from ``from`` to ``to``; ``state`` and ``kind`` filter, for example ``DEAD``.

    ``after`` continues the list.
    """
    text = context.request.query_params.get("state")
    try:
        wanted = None if text is None else DeliveryState(text)
    except ValueError as error:
        raise Refused(Fault.PARAMETER_INVALID, name="state") from error
    page = read_delivery_filter(context, state=wanted, rows_max=DELIVERIES_SHOWN_MAX)
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        found = await notifications.list_deliveries(connection, endpoint, page)
    is_full = len(found) == DELIVERIES_SHOWN_MAX
    return json_response(
        {
            "elements": [serialize_delivery(delivery) for delivery in found],
            "nextAfter": found[-1].position.to_text() if is_full else None,
        }
    )


async def replay_deliveries(context: RequestContext, body: ReplayBody) -> Response:
    """Sends all dead deliveries or the listed ones again, with their original ids."""
    async with context.app.database.transaction() as connection:
        endpoint = await lock_own_endpoint(connection, context)
        count = await notifications.replay(connection, endpoint, notice_ids=body.ids, now=context.now)
        if count:
            after = {"replayed": count}
            await _record(connection, context, Action.WEBHOOK_REPLAY, endpoint, after=after)
    return json_response({"replayed": count}, status=202)


async def _record(
    connection: Connection,
    context: RequestContext,
    action: Action,
    endpoint: NotificationEndpoint,
    *,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    partner_id = context.application.partner_id
    await context.record(connection, action, endpoint.id, partner_id=partner_id, before=before, after=after)


async def lock_own_endpoint(connection: Connection, context: RequestContext) -> NotificationEndpoint:
    endpoint_id = read_path_id(context.request, "webhook_id", what="webhook")
    return await endpoints.lock_endpoint(connection, application=context.application, endpoint_id=endpoint_id)


def serialize_delivery(delivery: Delivery) -> dict[str, Any]:
    named = {"id": str(delivery.id), "number": str(delivery.number)}
    return named | serialize_sending(delivery) | {"body": msgspec.Raw(delivery.body.encode())}
