"""Owns the page on which a person who is logged in proves again who they are, and the form that waits in it meanwhile.

A form that was refused is kept in the page, and sent again by its person: nothing that was entered is lost, or sent by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.limits import PAGE_FORM_FIELDS_MAX
from jobmeter.http.bodies import decode_form
from jobmeter.http.context import RequestContext
from jobmeter.people.model import STEP_UP_MINUTES
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.portal.frame.forms import ONCE, TOKEN
from jobmeter.portal.frame.visit import Visit

WAITING_PATH, WAITING_FIELDS = "waiting_path", "waiting_fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForm:
    """A form that waits: where it is sent to, and its fields without those of the page that it came from."""

    path: str
    fields: Mapping[str, str]

    @property
    def encoded(self) -> str:
        return urlencode(self.fields)


def keep_form(context: RequestContext) -> WaitingForm:
    """Returns the form of a request that was refused after its token was accepted."""
    fields = decode_form(context.body, fields_max=PAGE_FORM_FIELDS_MAX)
    return WaitingForm(
        path=context.path, fields={name: text for name, text in fields.items() if name not in {TOKEN, ONCE}}
    )


def find_waiting(visit: Visit) -> WaitingForm | None:
    """Returns the form that waits in the page which sent this one, if it is one of ours."""
    path = visit.form.get(WAITING_PATH, "")
    if not visit.site.may_wait(path):
        return None
    fields = decode_form(visit.form.get(WAITING_FIELDS, "").encode(), fields_max=PAGE_FORM_FIELDS_MAX)
    return WaitingForm(path=path, fields=fields)


def ask(
    visit: Visit,
    *,
    waiting: WaitingForm | None,
    status: int = 200,
    is_sent: bool = False,
    problems: Mapping[str, str] | None = None,
) -> Response:
    """Returns the page. ``is_sent`` is whether a mail with a code is on its way."""
    site, options = passkeys.site_of(visit.app.settings), ""
    if passkeys.is_available(site):
        now = read_machine_clock()
        options = passkeys.begin_authentication(site, browser_token=visit.session_token, now=now)
    return visit.show(
        "frame/confirm.html",
        status=status,
        waiting=waiting,
        next=visit.find_next(""),
        passkey_options=options,
        is_sent=is_sent,
        problems=problems or {},
        step_up_minutes=STEP_UP_MINUTES,
    )
