"""``/portal/partner/webhooks/ID``: a webhook's state, its deliveries of some days, what was sent and answered; tests, replays, secrets."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.days import day_of, end_of, start_of
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.limits import NOTICE_KEPT_DAYS, PAGE_FORM_FIELDS_MAX, SECRETS_LIVE_MAX
from jobmeter.base.lists import list_parts
from jobmeter.base.readers.times import read_day
from jobmeter.database.connection import Connection
from jobmeter.exports.model import Column, ColumnType
from jobmeter.http.context import NOTHING
from jobmeter.http.parameters import NO_ID, PAGE_ROWS
from jobmeter.notifications import flow as notifications
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.listing import flow as listing
from jobmeter.notifications.model import (
    Delivery,
    DeliveryCount,
    DeliveryFilter,
    DeliveryPosition,
    DeliveryState,
    NotificationEndpoint,
    NotificationKind,
    PartnerEndpoint,
)
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.files import CHUNK_ROWS, read_tables, send_tables
from jobmeter.portal.pages.partner.links import webhook_texts as texts
from jobmeter.portal.pages.partner.links.webhooks import WEBHOOKS, explain, read_id
from jobmeter.portal.pages.partner.owned import find_partner_id

DAYS_SHOWN = 7
CHOSEN_PREFIX = "delivery-"
_COLUMNS = (
    Column("id", ColumnType.TEXT, "id of the notification"),
    Column("createdAt", ColumnType.TIME, "when it was queued"),
    Column("kind", ColumnType.TEXT, "kind of the notification"),
    Column("subject", ColumnType.TEXT, "subject"),
    Column("way", ColumnType.TEXT, "WEBHOOK or EMAIL"),
    Column("state", ColumnType.TEXT, "WAITING, DELIVERED or DEAD"),
    Column("attempts", ColumnType.NUMBER, "how often it was sent"),
    Column("lastOutcome", ColumnType.TEXT, "result of the last attempt"),
    Column("answerStatus", ColumnType.NUMBER, "status of the last answer"),
    Column("answerMs", ColumnType.NUMBER, "milliseconds until the last answer"),
    Column("finishedAt", ColumnType.TIME, "when it was delivered or given up"),
)


class _Query(NamedTuple):
    """What the address asks for. What it cannot mean is left out, except days: these have a field of the form."""

    first: date
    last: date
    state: DeliveryState | None
    kind: NotificationKind | None
    position: DeliveryPosition | None
    problems: dict[str, str]

    def write(self, **changed: str) -> str:
        parts = {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "state": self.state or "",
            "kind": self.kind or "",
        } | changed
        return f"?{urlencode({name: text for name, text in parts.items() if text})}"


async def show_webhook(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: Mapping[str, str]) -> Response:
    query = _read_query(visit)
    wanted = _make_filter(query, query.position, rows_max=PAGE_ROWS + 1)
    async with visit.app.database.snapshot() as connection:
        endpoint = await _find_endpoint(connection, visit)
        counts = await notifications.count_deliveries(
            connection, endpoint, since=wanted.since, until=wanted.until
        )
        found = await notifications.list_deliveries(connection, endpoint, wanted)
        secrets = await endpoints.list_secrets(connection, endpoint, secret_key=visit.app.settings.secret_key)
    shown, is_more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
    return visit.show(
        "partner/links/webhooks/show.html",
        webhook=endpoint,
        shown=texts.choose_chip(endpoint),
        state=texts.describe_state(visit, endpoint, counts, dead=endpoint.dead),
        kind_texts=texts.KINDS,
        chips=texts.DELIVERIES,
        deliveries=shown,
        secrets=secrets,
        secrets_max=SECRETS_LIVE_MAX,
        query=query,
        earliest=day_of(visit.context.now) - timedelta(days=NOTICE_KEPT_DAYS),
        today=day_of(visit.context.now),
        by_state=_sum_by_state(counts, query.kind),
        by_kind=_sum_by_kind(counts),
        prefix=CHOSEN_PREFIX,
        first=query.write() if query.position else "",
        following=query.write(after=shown[-1].position.to_text()) if is_more else "",
        problems={**query.problems, **problems},
    )


async def download_deliveries(visit: Visit) -> Response:
    """Sends all deliveries that the same filters select, without bodies. Raises ``Refused`` as ``send_tables``, PARAMETER_INVALID."""
    query = _read_query(visit)
    for name in query.problems:
        raise Refused(Fault.PARAMETER_INVALID, name=name)
    async with visit.app.database.connection() as connection:
        endpoint = await _find_endpoint(connection, visit)

    async def read(connection: Connection, last: Delivery | None) -> list[Delivery]:
        wanted = _make_filter(query, last.position if last else None, rows_max=CHUNK_ROWS)
        return await notifications.list_deliveries(connection, endpoint, wanted)

    tables = read_tables(visit, read, _make_row)
    return await send_tables(visit, f"webhook-{endpoint.id}", _COLUMNS, tables)


def _make_row(one: Delivery) -> tuple[object, ...]:
    sent = (one.kind, one.subject, one.channel.value, one.state.value, one.attempts, one.last_outcome)
    return (str(one.id), one.created_at, *sent, one.answer_status, one.answer_ms, one.finished_at)


def _make_filter(query: _Query, position: DeliveryPosition | None, *, rows_max: int) -> DeliveryFilter:
    until = end_of(query.last)
    before = position or DeliveryPosition(until, NO_ID)
    return DeliveryFilter(
        state=query.state,
        kind=query.kind,
        since=start_of(query.first),
        until=until,
        before_at=before.at,
        before_number=before.number,
        rows_max=rows_max,
    )


def _read_query(visit: Visit) -> _Query:
    given, problems = visit.context.request.query_params, {}
    days: dict[str, date | None] = {}
    for name in ("from", "to"):
        text = given.get(name, "")
        days[name] = read_day(text) if text else None
        if text and days[name] is None:
            problems[name] = visit.gettext(texts.NO_DAY)
    last = days["to"] or day_of(visit.context.now)
    state, kind = given.get("state", ""), given.get("kind", "")
    return _Query(
        first=days["from"] or last - timedelta(days=DAYS_SHOWN - 1),
        last=last,
        state=DeliveryState[state] if state in DeliveryState.__members__ else None,
        kind=NotificationKind[kind] if kind in NotificationKind.__members__ else None,
        position=DeliveryPosition.parse(given.get("after", "")),
        problems=problems,
    )


def _sum_by_state(counts: Sequence[DeliveryCount], kind: NotificationKind | None) -> dict[DeliveryState, int]:
    return {
        state: sum(one.deliveries for one in counts if one.state == state and kind in {None, one.kind})
        for state in texts.DELIVERIES
    }


def _sum_by_kind(counts: Sequence[DeliveryCount]) -> dict[str, int]:
    kinds = sorted({one.kind for one in counts})
    return {kind: sum(one.deliveries for one in counts if one.kind == kind) for kind in kinds}


async def show_delivery(visit: Visit) -> Response:
    """What was sent, under which headers, and what the endpoint answered to the last attempt."""
    notice_id: UUID = visit.context.request.path_params["delivery_id"]
    async with visit.app.database.connection() as connection:
        endpoint = await _find_endpoint(connection, visit)
        delivery = await notifications.find_delivery(connection, endpoint, notice_id=notice_id)
    return visit.show(
        "partner/links/webhooks/delivery.html",
        webhook=endpoint,
        delivery=delivery,
        shown=texts.DELIVERIES[delivery.state],
        kind_texts=texts.KINDS,
        body=msgspec.json.format(delivery.body, indent=2),
        may_replay=visit.may_change and _can_replay(delivery, endpoint),
        prefix=CHOSEN_PREFIX,
    )


async def send_test(visit: Visit) -> Response:
    try:
        async with visit.app.database.transaction() as connection:
            endpoint = await _lock_endpoint(connection, visit)
            await notifications.post_test(connection, endpoint, now=visit.context.now)
            after = {"sentAt": visit.context.now.isoformat()}
            await _record(connection, visit, Action.WEBHOOK_TEST, endpoint, after=after)
    except Refused as refused:
        return await _show(visit, {"webhook": explain(visit, refused)})
    return visit.redirect(_path_of(endpoint), done="webhook-tested")


async def show_replay(visit: Visit) -> Response:
    """Asks before a delivered one is sent again, and counts the chosen ones."""
    chosen_ids = _read_ids(list_parts(visit.context.request.query_params.get("delivery", "")))
    async with visit.app.database.connection() as connection:
        endpoint = await _find_endpoint(connection, visit)
        found = await notifications.list_chosen(connection, endpoint, notice_ids=chosen_ids)
    chosen = [one for one in found if _can_replay(one, endpoint)]
    if not chosen:
        return visit.redirect(_path_of(endpoint))
    return visit.show(
        "partner/links/webhooks/replay.html",
        webhook=endpoint,
        chosen=chosen,
        prefix=CHOSEN_PREFIX,
        chips=texts.DELIVERIES,
    )


async def replay(visit: Visit) -> Response:
    """Sends what was chosen again, or everything that was given up. Delivered ones only once that is confirmed."""
    is_all = visit.form.get("all") == "dead"
    chosen_ids = _read_ids(
        [name.removeprefix(CHOSEN_PREFIX) for name in visit.form if name.startswith(CHOSEN_PREFIX)]
    )
    try:
        async with visit.app.database.transaction() as connection:
            endpoint = await _lock_endpoint(connection, visit)
            found = await notifications.list_chosen(connection, endpoint, notice_ids=chosen_ids)
            chosen = [one for one in found if _can_replay(one, endpoint)]
            is_asked = any(one.state is DeliveryState.DELIVERED for one in chosen)
            if is_asked and not visit.form.get("confirmed"):
                return visit.redirect(
                    f"{_path_of(endpoint)}/replay?delivery={','.join(str(one.id) for one in chosen)}"
                )
            count = await notifications.replay(
                connection,
                endpoint,
                notice_ids=None if is_all else [one.id for one in chosen],
                now=visit.context.now,
            )
            if count:
                await _record(connection, visit, Action.WEBHOOK_REPLAY, endpoint, after={"replayed": count})
    except Refused as refused:
        return await _show(visit, {"webhook": explain(visit, refused)})
    if not count and not is_all:
        return await _show(visit, {"deliveries": visit.gettext(texts.NO_CHOICE)})
    return visit.redirect(_path_of(endpoint), done="replayed")


def _can_replay(delivery: Delivery, endpoint: NotificationEndpoint) -> bool:
    return delivery.state is not DeliveryState.WAITING and endpoint.gone_at is None


def _read_ids(texts_of_ids: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts_of_ids[:PAGE_FORM_FIELDS_MAX]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


async def add_secret(visit: Visit) -> Response:
    """The secret is part of this answer alone."""
    try:
        async with visit.app.database.transaction() as connection:
            endpoint = await _lock_endpoint(connection, visit)
            secret = await endpoints.rotate_secret(
                connection, endpoint, secret_key=visit.app.settings.secret_key, now=visit.context.now
            )
            before, after = {"secrets": 1}, {"secrets": 2}
            await _record(connection, visit, Action.WEBHOOK_ADD_SECRET, endpoint, before=before, after=after)
    except Refused as refused:
        return await _show(visit, {"secrets": explain(visit, refused)})
    return visit.show("partner/links/webhooks/secret.html", webhook=endpoint, secret=secret, is_new=False)


async def show_retire(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        endpoint = await _find_endpoint(connection, visit)
        secrets = await endpoints.list_secrets(connection, endpoint, secret_key=visit.app.settings.secret_key)
    if len(secrets) < SECRETS_LIVE_MAX:
        return visit.redirect(_path_of(endpoint))
    return visit.show("partner/links/webhooks/retire.html", webhook=endpoint, secrets=secrets)


async def retire_secret(visit: Visit) -> Response:
    """An only secret stays, so that a form that is sent twice does nothing twice."""
    async with visit.app.database.transaction() as connection:
        endpoint = await _lock_endpoint(connection, visit)
        if await endpoints.retire_older_secret(connection, endpoint):
            before, after = {"secrets": 2}, {"secrets": 1}
            await _record(
                connection, visit, Action.WEBHOOK_RETIRE_SECRET, endpoint, before=before, after=after
            )
    return visit.redirect(_path_of(endpoint), done="secret-retired")


async def _find_endpoint(connection: Connection, visit: Visit) -> PartnerEndpoint:
    return await listing.find_partner_endpoint(
        connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
    )


async def _lock_endpoint(connection: Connection, visit: Visit) -> NotificationEndpoint:
    return await listing.lock_partner_endpoint(
        connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
    )


async def _record(
    connection: Connection,
    visit: Visit,
    action: Action,
    endpoint: NotificationEndpoint,
    *,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    await visit.context.record(
        connection, action, endpoint.id, partner_id=find_partner_id(visit), before=before, after=after
    )


def _path_of(endpoint: NotificationEndpoint) -> str:
    return f"{WEBHOOKS}/{endpoint.id}"
