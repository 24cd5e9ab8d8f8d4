"""Owns what pages say of webhooks: what each kind of notification is about, states, and what to do about a refusal."""

from collections.abc import Sequence

from jobmeter.base.faults import Fault
from jobmeter.notifications.model import (
    DeliveryCount,
    DeliveryState,
    NotificationEndpoint,
    NotificationKind,
    PartnerEndpoint,
)
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.partner.listed_jobs import StateChip

KINDS = {
    NotificationKind.JOB_POSTING_STATUS: mark("The status of a job has changed: listed, promoted, over"),
    NotificationKind.BUDGET_ALERT: mark("A job or a contract has used 50, 80 or 100 per cent of its budget"),
    NotificationKind.CHARGES: mark("Charges and corrections, as an ordered stream"),
    NotificationKind.INVOICE_ISSUED: mark("An invoice is issued"),
    NotificationKind.INVOICE_PAID: mark("An invoice is paid"),
    NotificationKind.INVOICE_OVERDUE: mark("An invoice is overdue"),
    NotificationKind.CREDIT_NOTE_ISSUED: mark("A credit note is issued"),
    NotificationKind.JOB_CHANGED: mark("A poster or a customer has changed a job"),
    NotificationKind.TEST: mark("A test, on request"),
    NotificationKind.WEBHOOK_DISABLED: mark("Another webhook was disabled"),
}


DELIVERIES = {
    DeliveryState.DEAD: StateChip(kind="bad", shape="triangle", text=mark("Given up")),
    DeliveryState.WAITING: StateChip(kind="still", shape="empty", text=mark("Waiting")),
    DeliveryState.DELIVERED: StateChip(kind="good", shape="full", text=mark("Delivered")),
}
_DISABLED = StateChip(kind="bad", shape="triangle", text=mark("Disabled"))
_PAUSED = StateChip(kind="warn", shape="half", text=mark("Does not accept"))
_DEAD = StateChip(kind="bad", shape="triangle", text=mark("Deliveries given up"))
_GOOD = StateChip(kind="good", shape="full", text=mark("In use"))

NO_TARGET = mark("Enter an address, an e-mail address, or both")
NO_KIND = mark("Choose what to be notified of")
NO_URL = mark("Enter an address that begins with https:// and has no user name")
NO_EMAIL = mark("Enter an e-mail address, such as ida@example.com")
MAIL_ALONE = mark("By e-mail alone, choose budget alerts and changes by customers only")
NO_DAY = mark("Enter a day, such as 2026-11-28")
NO_CHOICE = mark("Choose deliveries that were delivered or given up")
# What a person can do about it, in the words of the page.
PROBLEMS = {
    Fault.NOTICE_ENDPOINT_GONE: mark("This webhook is disabled. Save its address again to enable it"),
    Fault.NOTICE_ENDPOINTS_MANY: mark("There are too many webhooks: remove one that is no longer needed"),
    Fault.NOTICE_KEY_MISSING: mark("The operator has to set a secret key first"),
    Fault.SECRETS_TOO_MANY: mark("There are two secrets already: retire the older one first"),
}


def choose_chip(endpoint: PartnerEndpoint) -> StateChip:
    if endpoint.gone_at is not None:
        return _DISABLED
    if endpoint.paused_until is not None:
        return _PAUSED
    return _DEAD if endpoint.dead else _GOOD


def describe_state(
    visit: Visit, endpoint: NotificationEndpoint, counts: Sequence[DeliveryCount], *, dead: int
) -> tuple[str, str]:
    """Returns how urgent the state of a webhook is, and the state in words."""
    viewer = visit.viewer
    waiting = sum(one.deliveries for one in counts if one.state is DeliveryState.WAITING)
    if endpoint.gone_at is not None:
        text = visit.gettext(
            "Disabled since %(at)s, because its address answered 410 Gone. Nothing is sent to it. Save its address again to enable it."
        )
        return "bad", text % {"at": viewer.moment(endpoint.gone_at)}
    if endpoint.paused_until is not None:
        text = visit.gettext(
            "It does not accept what is sent. The next attempt is at %(at)s; until then everything waits."
        )
        return "warn", text % {"at": viewer.moment(endpoint.paused_until)}
    if dead:
        text = visit.ngettext(
            "%(num)s delivery was given up after days of attempts. Replaying sends it under the id that it had, so a receiver that keeps ids does nothing twice.",
            "%(num)s deliveries were given up after days of attempts. Replaying sends each under the id that it had, so a receiver that keeps ids does nothing twice.",
            dead,
        )
        return "bad", text % {"num": viewer.number(dead)}
    if waiting:
        text = visit.ngettext(
            "%(num)s delivery is on its way.", "%(num)s deliveries are on their way.", waiting
        )
        return "", text % {"num": viewer.number(waiting)}
    if counts:
        return "good", visit.gettext("Everything of these days was delivered.")
    return "", visit.gettext("Nothing was sent in these days.")
