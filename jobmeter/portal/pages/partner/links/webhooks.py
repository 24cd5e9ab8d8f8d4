"""``/portal/partner/webhooks``: where a partner's software is notified; managers register, change and remove webhooks."""

from starlette.responses import Response

from jobmeter.audit.model import Action
from jobmeter.base.faults import Refused
from jobmeter.base.readers.email_address import check_email
from jobmeter.http.parameters import PAGE_ROWS, read_path_id, read_query_id
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.notifications.listing import flow as listing
from jobmeter.notifications.model import ASKED_KINDS, EndpointDraft, NotificationKind
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.links import webhook_texts as texts
from jobmeter.portal.pages.partner.owned import find_parent, find_partner_id

WEBHOOKS = f"{ROOT}/partner/webhooks"
KIND_PREFIX = "kind-"
URL_CHARACTERS_MAX = 2_000
NOTHING = EndpointDraft("", "", ())


async def list_webhooks(visit: Visit) -> Response:
    after = read_query_id(visit.context.request, "after") or 0
    async with visit.app.database.connection() as connection:
        found = await listing.list_partner_endpoints(
            connection, partner_id=find_partner_id(visit), after=after, rows_max=PAGE_ROWS + 1
        )
    shown = found[:PAGE_ROWS]
    return visit.show(
        "partner/links/webhooks/list.html",
        webhooks=shown,
        chip_of=texts.choose_chip,
        kinds=texts.KINDS,
        partner_id=find_partner_id(visit),
        first=WEBHOOKS if after else "",
        following=f"{WEBHOOKS}?after={shown[-1].id}" if len(found) > PAGE_ROWS else "",
    )


async def show_new(visit: Visit) -> Response:
    return _show_form(visit, NOTHING)


async def register_webhook(visit: Visit) -> Response:
    """The signing secret is part of this answer alone."""
    draft = _read_draft(visit)
    if problems := _find_problems(visit, draft):
        return _show_form(visit, draft, problems=problems)
    try:
        async with visit.app.database.transaction() as connection:
            parent = await find_parent(connection, visit)
            endpoint, secret = await endpoints.register_endpoint(
                connection,
                application=parent,
                url=draft.url,
                email=draft.email,
                kinds=[NotificationKind(kind) for kind in draft.kinds],
                secret_key=visit.app.settings.secret_key,
                now=visit.context.now,
            )
            await visit.context.record(
                connection,
                Action.WEBHOOK_REGISTER,
                endpoint.id,
                partner_id=parent.id,
                after=endpoint.describe(),
            )
    except Refused as refused:
        return _show_form(visit, draft, problems={"url": explain(visit, refused)})
    return visit.show("partner/links/webhooks/secret.html", webhook=endpoint, secret=secret, is_new=True)


async def show_edit(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        found = await listing.find_partner_endpoint(
            connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
        )
    return _show_form(visit, EndpointDraft(found.url, found.email, found.kinds), endpoint_id=found.id)


async def change_webhook(visit: Visit) -> Response:
    """Enables a disabled one; what waits goes to the new address at once."""
    draft = _read_draft(visit)
    async with visit.app.database.transaction() as connection:
        endpoint = await listing.lock_partner_endpoint(
            connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
        )
        if problems := _find_problems(visit, draft):
            return _show_form(visit, draft, endpoint_id=endpoint.id, problems=problems)
        changed = await endpoints.change_endpoint(
            connection,
            endpoint,
            url=draft.url,
            email=draft.email,
            kinds=[NotificationKind(kind) for kind in draft.kinds],
            now=visit.context.now,
        )
        await visit.context.record(
            connection,
            Action.WEBHOOK_CHANGE,
            endpoint.id,
            partner_id=find_partner_id(visit),
            before=endpoint.describe(),
            after=changed.describe(),
        )
    return visit.redirect(f"{WEBHOOKS}/{endpoint.id}", done="webhook-changed")


async def show_remove(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        found = await listing.find_partner_endpoint(
            connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
        )
    return visit.show("partner/links/webhooks/remove.html", webhook=found)


async def remove_webhook(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        endpoint = await listing.lock_partner_endpoint(
            connection, partner_id=find_partner_id(visit), endpoint_id=read_id(visit)
        )
        await endpoints.remove_endpoint(connection, endpoint, now=visit.context.now)
        await visit.context.record(
            connection,
            Action.WEBHOOK_REMOVE,
            endpoint.id,
            partner_id=find_partner_id(visit),
            before=endpoint.describe(),
        )
    return visit.redirect(WEBHOOKS, done="webhook-removed")


def read_id(visit: Visit) -> int:
    return read_path_id(visit.context.request, "webhook_id", what="webhook")


def explain(visit: Visit, refused: Refused) -> str:
    """The text of the page. Raises the refusal again if it has none."""
    if refused.fault not in texts.PROBLEMS:
        raise refused
    return visit.gettext(texts.PROBLEMS[refused.fault])


def _read_draft(visit: Visit) -> EndpointDraft:
    form = visit.form
    kinds = tuple(kind for kind in ASKED_KINDS if form.get(f"{KIND_PREFIX}{kind}"))
    return EndpointDraft(form.get("url", "").strip(), form.get("email", "").strip(), kinds)


def _find_problems(visit: Visit, draft: EndpointDraft) -> dict[str, str]:
    """Returns a text for each wrong field, in the order of the form."""
    wrong = endpoints.find_problems(draft, is_sandbox=visit.app.settings.sandbox)
    found = {}
    if "url, email" in wrong:
        found["url"] = texts.NO_TARGET
    elif "url" in wrong or len(draft.url) > URL_CHARACTERS_MAX:
        found["url"] = texts.NO_URL
    if draft.email and check_email(draft.email):
        found["email"] = texts.NO_EMAIL
    if not draft.kinds:
        found["kinds"] = texts.NO_KIND
    elif "kinds" in wrong:
        found["kinds"] = texts.MAIL_ALONE
    return {name: visit.gettext(text) for name, text in found.items()}


def _show_form(
    visit: Visit,
    draft: EndpointDraft,
    *,
    endpoint_id: int | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    return visit.show(
        "partner/links/webhooks/form.html",
        draft=draft,
        endpoint_id=endpoint_id,
        kinds={kind: texts.KINDS[kind] for kind in ASKED_KINDS},
        prefix=KIND_PREFIX,
        problems=problems or {},
    )
