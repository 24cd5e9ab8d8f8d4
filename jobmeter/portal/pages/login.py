"""``/portal/login``: logging in by a mailed link, its code, or a passkey; in a sandbox also as somebody of its demonstration."""

from urllib.parse import urlencode

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.readers.email_address import check_email
from jobmeter.contracts.hiring import flow as hiring
from jobmeter.database.connection import Connection
from jobmeter.jobs.postings import flow as postings
from jobmeter.people.logins import flow as logins
from jobmeter.people.model import NewSession, Origin
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.forms import NEXT
from jobmeter.portal.frame.site import LOGIN, ROOT
from jobmeter.portal.frame.visit import Visit

NO_ADDRESS = mark("Enter your e-mail address, such as ida@example.com")
# One text for a code that is wrong, used or late: which of these it is helps only somebody who guesses.
NO_CODE = mark(
    "This is not a valid code. Codes can be used once, within 15 minutes, in the browser that asked for them. Ask for another mail if need be"
)
NO_PASSKEY = mark("The passkey was not accepted. Log in by mail")


async def show_login(visit: Visit) -> Response:
    return _show_login(visit, {})


def _show_login(visit: Visit, problems: dict[str, str]) -> Response:
    response = visit.show(
        "login/start.html",
        problems=problems,
        next=visit.find_next(""),
        email=visit.form.get("email", "")[:300],
        passkey_options=_make_passkey_options(visit),
        is_over=visit.context.request.query_params.get("over") == "1",
    )
    # Also for a person who is logged in, and proves again who they are.
    cookies.set_browser(response, visit.app.settings, visit.browser)
    return response


def _make_passkey_options(visit: Visit) -> str:
    """Empty where there are no passkeys: then there is no button."""
    site = passkeys.site_of(visit.app.settings)
    if not passkeys.is_available(site):
        return ""
    return passkeys.begin_authentication(site, browser_token=visit.browser, now=read_machine_clock())


async def request_mail(visit: Visit) -> Response:
    """The same answer whether the address is known or not. Raises ``Refused(LOGINS_TOO_MANY)``."""
    email = visit.form.get("email", "").strip()
    if check_email(email):
        return _show_login(visit, {"email": visit.gettext(NO_ADDRESS)})
    async with visit.app.database.transaction() as connection:
        mail = await logins.begin_login(
            connection,
            find_origin(visit),
            email=email,
            is_poster=await _is_poster(connection, email.lower()),
            browser_token=visit.browser,
            language=visit.viewer.language,
            next_path=visit.find_next(""),
            now=read_machine_clock(),
        )
    if mail is not None:
        visit.app.people_mails.submit(mail)
    response = visit.redirect(_with_next(f"{LOGIN}/sent", visit))
    cookies.set_browser(response, visit.app.settings, visit.browser)
    return response


async def _is_poster(connection: Connection, email: str) -> bool:
    """Both are read for every address, so that the answer takes as long for one that is not known."""
    known = [
        await postings.is_poster(connection, email=email),
        await hiring.is_seat(connection, email=email),
    ]
    return any(known)


async def show_sent(visit: Visit) -> Response:
    return visit.show("login/sent.html", next=visit.find_next(""))


async def log_in_by_code(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        session = await logins.finish_login_by_code(
            connection,
            find_origin(visit),
            code=visit.form.get("code", "")[:40],
            browser_token=visit.browser,
            now=read_machine_clock(),
        )
    if session is None:
        problems = {"code": visit.gettext(NO_CODE)}
        return visit.show("login/sent.html", problems=problems, next=visit.find_next(""))
    return await log_in(visit, session)


async def show_link(visit: Visit) -> Response:
    """Changes nothing: programs that check mails open links too."""
    token = visit.context.request.query_params.get("token", "")[:100]
    async with visit.app.database.connection() as connection:
        found = await logins.find_login(
            connection, token=token, browser_token=visit.browser, now=read_machine_clock()
        )
    if found is None:
        return visit.redirect(f"{LOGIN}?over=1")
    return visit.show("login/link.html", link=found, login_token=token, next=visit.find_next(""))


async def log_in_by_link(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        session = await logins.finish_login_by_link(
            connection,
            find_origin(visit),
            token=visit.form.get("link", "")[:100],
            browser_token=visit.browser,
            now=read_machine_clock(),
        )
    return visit.redirect(f"{LOGIN}?over=1") if session is None else await log_in(visit, session)


async def log_in_by_passkey(visit: Visit) -> Response:
    session, site = None, passkeys.site_of(visit.app.settings)
    if passkeys.is_available(site):
        async with visit.app.database.transaction() as connection:
            session = await passkeys.finish_login(
                connection,
                find_origin(visit),
                site,
                credential=visit.form.get("credential", ""),
                browser_token=visit.browser,
                now=read_machine_clock(),
            )
    if session is None:
        return _show_login(visit, {"passkey": visit.gettext(NO_PASSKEY)})
    return await log_in(visit, session)


def find_origin(visit: Visit) -> Origin:
    request = visit.context.request
    return sessions.describe_origin(
        user_agent=request.headers.get("user-agent", ""), address=visit.app.proxies.find_address(request)
    )


async def log_in(visit: Visit, session: NewSession) -> Response:
    """Ends the session that the browser had, and gives it the new one."""
    former = visit.context.signed_in
    if former is not None:
        async with visit.app.database.transaction() as connection:
            await sessions.end_session(connection, session_id=former.session_id, person_id=former.person.id)
    response = visit.redirect(visit.find_next(ROOT))
    cookies.set_session(response, visit.app.settings, session.token)
    return response


def _with_next(path: str, visit: Visit) -> str:
    wanted = visit.find_next("")
    return f"{path}?{urlencode({NEXT: wanted})}" if wanted else path
