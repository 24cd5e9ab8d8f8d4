"""Owns how pages are served: the session's cookie, who may open a page, forms, and refusals as pages of the frame.

Does not own the steps of a request (``http.pipeline``) or the table of pages (``portal.routes``).
"""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.credentials import make_request_id
from jobmeter.base.faults import Fault, Refused
from jobmeter.database.connection import Tenant
from jobmeter.http.context import AppContext, Caller, RequestContext
from jobmeter.http.idempotency import READING
from jobmeter.http.pipeline import PreparedCall
from jobmeter.http.plain import check_path
from jobmeter.http.responses import REQUEST_ID_HEADER, plain_refusal, wants_page
from jobmeter.people.model import PARTNER_ROLES, STEP_UP_MINUTES, Role
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.frame import confirmation, cookies
from jobmeter.portal.frame.forms import check_sender, make_once_key, read_form
from jobmeter.portal.frame.headers import HEADERS, NO_STORE
from jobmeter.portal.frame.refusals import explain
from jobmeter.portal.frame.site import CONFIRM, LOGIN, ROOT, SAME_ORIGIN, PageRow, Site
from jobmeter.portal.frame.visit import make_visit
from jobmeter.sandbox_controls import flow as controls

RELOAD_SECONDS = 5
# Where a person proves who they are, before a page that needs it.
_PROOFS = {Fault.LOGIN_NEEDED: LOGIN, Fault.CONFIRMATION_NEEDED: CONFIRM}


class PageDialect:
    """Serves the pages of one path by verb. Without pages, every request is refused as unknown."""

    throttled = Fault.THROTTLED

    def __init__(self, rows: Mapping[str, PageRow], site: Site) -> None:
        self._rows = dict(rows)
        self._site = site
        if "GET" in rows:
            self._rows["HEAD"] = rows["GET"]

    def open(self, context: RequestContext) -> None:
        context.headers |= HEADERS
        context.request_id = make_request_id()
        context.headers |= {REQUEST_ID_HEADER: context.request_id, "Referrer-Policy": SAME_ORIGIN}

    def find_target(self, context: RequestContext) -> PageRow:
        """Raises ``Refused``: ROUTE_UNKNOWN, METHOD_NOT_ALLOWED, PARAMETER_INVALID."""
        method = context.request.method
        if not self._rows:
            raise Refused(Fault.ROUTE_UNKNOWN)
        if method not in self._rows:
            context.headers["Allow"] = ", ".join(sorted(self._rows))
            raise Refused(Fault.METHOD_NOT_ALLOWED, method=method[:20], path=context.path[:200])
        target = context.row = self._rows[method]
        check_path(context, target.path)
        context.headers["Referrer-Policy"] = target.referrer
        return target

    async def authenticate(self, context: RequestContext, target: PageRow) -> Caller | None:
        """Raises ``Refused``: FORM_NOT_OURS, LOGIN_NEEDED, PAGE_NOT_ALLOWED."""
        app = context.app
        if context.request.method not in READING:
            check_sender(context.request, app.settings)
        token = cookies.read_cookie(context.request, app.settings, cookies.SESSION)
        if token:
            async with app.database.connection() as connection:
                # By the machine's time: a sandbox's clock, which is moved by days, ends no session.
                context.signed_in = await sessions.find_session(
                    connection, token=token, now=read_machine_clock()
                )
                if app.sandbox is not None and context.signed_in is not None:
                    context.controls = await controls.read_state(connection)
        signed_in = context.signed_in
        if signed_in is None and target.roles is not None:
            raise Refused(Fault.LOGIN_NEEDED, path=context.path[:200])
        if signed_in is None:
            return None
        # Who looks at the pages of a partner may end that, move a sandbox's clock and log out, as every role may, and nothing else.
        is_changing = signed_in.is_looking and context.request.method not in READING
        may_use = target.roles is None or target.roles >= {
            signed_in.grant.role,
            *(Role if is_changing else ()),
        }
        if not may_use:
            raise Refused(Fault.PAGE_NOT_ALLOWED, role=signed_in.grant.role, path=context.path[:200])
        return Caller(
            sender=f"person {signed_in.person.id}", tenant=_find_tenant(target, signed_in.grant.partner_id)
        )

    async def prepare(self, context: RequestContext, target: PageRow) -> PreparedCall:
        """Raises ``Refused``: FORM_MALFORMED, FORM_NOT_OURS, CONFIRMATION_NEEDED."""
        method = context.request.method
        form: dict[str, str] = {}
        if method not in READING:
            name = cookies.BROWSER if context.signed_in is None else cookies.SESSION
            form = read_form(context, cookies.read_cookie(context.request, context.app.settings, name))
        # After the token of the form, because a refused form is shown again.
        signed_in = context.signed_in
        if target.needs_confirmation and not (signed_in and signed_in.is_confirmed(read_machine_clock())):
            raise Refused(Fault.CONFIRMATION_NEEDED, minutes=STEP_UP_MINUTES)
        return PreparedCall(
            method=method,
            path=context.path,
            body=context.body,
            is_write=method not in READING,
            is_unique=target.is_unique,
            key=make_once_key(form, context.body),
            run=partial(self._run, context, target, form),
        )

    async def _run(
        self, context: RequestContext, target: PageRow, form: Mapping[str, str], app: AppContext
    ) -> Response:
        context.app = app
        return await target.handler(make_visit(context, self._site, form))

    def refuse(self, context: RequestContext, refused: Refused) -> Response:
        """Returns the refusal as a page, or as JSON to a program; a page that needs a log-in leads there."""
        plain = plain_refusal(refused)
        plain.headers.update(NO_STORE)
        if not wants_page(context.request):
            return plain
        visit = make_visit(context, self._site, {})
        is_reading = context.request.method in READING
        proof = _PROOFS.get(refused.fault, "")
        if proof and is_reading:
            return visit.redirect(f"{proof}?{urlencode({'next': self._write_address(context)})}")
        if refused.fault is Fault.CONFIRMATION_NEEDED:
            waiting = confirmation.keep_form(context)
            return confirmation.ask(visit, waiting=waiting, status=refused.fault.row.status)
        row, is_temporary = refused.fault.row, refused.fault.is_temporary
        page = visit.show(
            "frame/refusal.html",
            status=row.status,
            explanation=explain(refused.fault),
            message=_find_message(refused),
            code=row.label or refused.fault.name,
            row_status=row.status,
            request_id=context.request_id,
            reload_seconds=RELOAD_SECONDS if is_temporary and is_reading else None,
            start=LOGIN if context.signed_in is None else ROOT,
        )
        for name, value in plain.headers.items():
            if not name.startswith("content-"):
                page.headers[name] = value
        return page

    @staticmethod
    def _write_address(context: RequestContext) -> str:
        query = context.request.scope["query_string"].decode("latin-1")
        return f"{context.path}?{query}" if query else context.path


def _find_tenant(target: PageRow, partner_id: int | None) -> Tenant | None:
    """On the pages of partners. Others show what a person has of several: the choice of roles, a poster's jobs."""
    if partner_id is None or target.roles is None or not target.roles <= PARTNER_ROLES:
        return None
    return Tenant(application_id=partner_id, partner_id=partner_id)


def _find_message(refused: Refused) -> str:
    """What is foreign and what does not exist look the same; about an error of the server its own text helps nobody."""
    status = refused.fault.row.status
    is_silent = status == Fault.ROUTE_UNKNOWN.row.status or status >= Fault.INTERNAL.row.status
    return "" if is_silent else refused.message
