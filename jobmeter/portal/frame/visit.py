"""Owns a visit: what a page's handler receives, and how it answers, with a page or with a redirect to one.

Does not own who may open a page (``portal.dialect``) or the templates (``render``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.credentials import make_secret
from jobmeter.base.faults import Fault
from jobmeter.base.lists import list_parts
from jobmeter.http.context import AppContext, RequestContext
from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES, Person, Role, SignedIn
from jobmeter.portal.catalogue.texts import choose_language, load_texts
from jobmeter.portal.catalogue.viewer import Viewer, find_zone
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.done import DONE
from jobmeter.portal.frame.forms import NEXT, make_token
from jobmeter.portal.frame.headers import NO_STORE
from jobmeter.portal.frame.render import render
from jobmeter.portal.frame.site import Site

REHEARSING_ROLES = PARTNER_ROLES | OPERATOR_ROLES
# How long before its end a session is announced to be over soon.
ANNOUNCED_BEFORE = timedelta(minutes=10)
THEMES = ("light", "dark")
CHANGING_ROLES = frozenset({Role.OPERATOR, Role.PARTNER_MANAGER})
WRONG_INPUT = Fault.BODY_INVALID.row.status
SEE_OTHER = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """``form`` is empty for a page that is shown. ``browser`` identifies a browser before its person logs in."""

    context: RequestContext
    site: Site
    viewer: Viewer
    browser: str
    form: Mapping[str, str]

    @property
    def app(self) -> AppContext:
        return self.context.app

    @property
    def signed_in(self) -> SignedIn:
        assert self.context.signed_in is not None, "the page is open to everybody"
        return self.context.signed_in

    @property
    def person(self) -> Person:
        return self.signed_in.person

    @property
    def may_change(self) -> bool:
        """Whether the chosen role changes anything: readers of a partner or of the operator see the same pages without forms."""
        return self.signed_in.grant.role in CHANGING_ROLES

    @property
    def session_token(self) -> str:
        return cookies.read_cookie(self.context.request, self.app.settings, cookies.SESSION)

    @property
    def done_key(self) -> str:
        """The key of ``DONE`` in the address; empty if there is none."""
        key: str = self.context.request.query_params.get("done", "")
        return key if key in DONE else ""

    def gettext(self, text: str) -> str:
        return load_texts(self.viewer.language).gettext(text)

    def ngettext(self, one: str, several: str, count: int) -> str:
        return load_texts(self.viewer.language).ngettext(one, several, count)

    def show(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Returns a page. ``values`` are the template's own; those of the frame are added.

        With ``problems``, a text for each wrong field of a form, the page is the response to a form that was not accepted.
        """
        status = WRONG_INPUT if values.get("problems") else status
        values = self._list_frame_values() | values
        content = render(template, language=self.viewer.language, values=values)
        response = HTMLResponse(content, status_code=status, headers=NO_STORE)
        if self.context.signed_in is None and not self._sent_browser:
            cookies.set_browser(response, self.app.settings, self.browser)
        return response

    def redirect(self, path: str, *, done: str = "") -> Response:
        """Returns a redirect to a page of ours, which shows what was done: a key of ``DONE``."""
        assert not done or done in DONE, f"{done} is no key of DONE"
        mark = "&" if "?" in path else "?"
        return RedirectResponse(f"{path}{mark}done={done}" if done else path, SEE_OTHER, headers=NO_STORE)

    def find_next(self, default: str) -> str:
        """Returns the page to which the form or the address asks to return, if it is one of ours."""
        wanted = self.form.get(NEXT) or self.context.request.query_params.get(NEXT, "")
        return self.site.find_own(wanted) or default

    def make_form_token(self, secret: str) -> str:
        """Returns the token of all forms of the session, or of the browser, whose own token is ``secret``."""
        return make_token(next(iter(list_parts(self.app.settings.secret_key)), ""), secret)

    @property
    def _sent_browser(self) -> bool:
        return bool(cookies.read_cookie(self.context.request, self.app.settings, cookies.BROWSER))

    def _list_frame_values(self) -> dict[str, object]:
        signed_in, settings = self.context.signed_in, self.app.settings
        secret = self.session_token if signed_in is not None else self.browser
        is_sandbox = settings.sandbox
        return {
            "viewer": self.viewer,
            "signed_in": signed_in,
            "may_change": signed_in is not None and self.may_change,
            "menu": self.site.list_menu(signed_in.grant.role) if signed_in is not None else [],
            "path": self.context.path,
            "here": self._write_here(),
            "token": self.make_form_token(secret),
            "once": make_secret(),
            "done": self.gettext(DONE[self.done_key]) if self.done_key else "",
            "problems": {},
            "layout": choose_layout(signed_in),
            "now": self.context.now,
            "is_sandbox": is_sandbox,
            "controls": self.context.controls,
            "announced_minutes": ANNOUNCED_BEFORE // timedelta(minutes=1),
            "ends_soon": signed_in is not None
            and signed_in.ends_at - read_machine_clock() < ANNOUNCED_BEFORE,
            "can_rehearse": signed_in is not None and signed_in.grant.role in REHEARSING_ROLES,
        }

    def _write_here(self) -> str:
        """Returns the address of this page without the message of the last form: where the frame's forms return to."""
        query = [
            (name, text) for name, text in self.context.request.query_params.multi_items() if name != "done"
        ]
        return f"{self.context.path}?{urlencode(query)}" if query else self.context.path


def make_visit(context: RequestContext, site: Site, form: Mapping[str, str]) -> Visit:
    settings = context.app.settings
    browser = cookies.read_cookie(context.request, settings, cookies.BROWSER) or make_secret()
    return Visit(context=context, site=site, viewer=_find_viewer(context), browser=browser, form=form)


def _find_viewer(context: RequestContext) -> Viewer:
    """A choice of this browser precedes that of the person, because it was made at this screen."""
    settings, request = context.app.settings, context.request
    person = context.signed_in.person if context.signed_in is not None else None
    wanted = [cookies.read_cookie(request, settings, cookies.LANGUAGE), person.language if person else ""]
    themes = [cookies.read_cookie(request, settings, cookies.THEME), person.theme if person else ""]
    return Viewer(
        language=choose_language(wanted, request.headers.get("accept-language", "")),
        zone=person.time_zone if person and find_zone(person.time_zone) else "",
        theme=next((theme for theme in themes if theme in THEMES), ""),
    )


def choose_layout(signed_in: SignedIn | None) -> str:
    """Returns the layout of the pages: members and customers have few, so theirs has no rail."""
    if signed_in is None:
        return "slim.html"
    return "solo.html" if signed_in.grant.role in {Role.MEMBER, Role.CUSTOMER} else "rail.html"
