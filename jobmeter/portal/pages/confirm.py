"""``/portal/confirm``: a person who is logged in proves again who they are, by a passkey or the code of a mail."""

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.people.logins import flow as logins
from jobmeter.people.model import NewSession
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame import confirmation, cookies
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.login import NO_CODE, find_origin

NO_PASSKEY = mark("The passkey was not accepted. Ask for a mail instead")


async def show_confirm(visit: Visit) -> Response:
    return confirmation.ask(visit, waiting=None)


async def request_mail(visit: Visit) -> Response:
    """Returns the page with a field for the code, and no redirect: a form that waits has no place in an address.

    Raises ``Refused(LOGINS_TOO_MANY)``.
    """
    async with visit.app.database.transaction() as connection:
        mail = await logins.begin_login(
            connection,
            find_origin(visit),
            email=visit.person.email,
            is_poster=True,  # who is logged in is known, whatever for
            browser_token=visit.browser,
            language=visit.viewer.language,
            now=read_machine_clock(),
        )
    assert mail is not None, "the address is known"
    visit.app.people_mails.submit(mail)
    response = confirmation.ask(visit, waiting=confirmation.find_waiting(visit), is_sent=True)
    cookies.set_browser(response, visit.app.settings, visit.browser)
    return response


async def confirm_by_code(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        session = await logins.confirm_by_code(
            connection,
            visit.signed_in,
            code=visit.form.get("code", "")[:40],
            browser_token=visit.browser,
            token=visit.session_token,
            now=read_machine_clock(),
        )
    if session is None:
        waiting, problems = confirmation.find_waiting(visit), {"code": visit.gettext(NO_CODE)}
        return confirmation.ask(visit, waiting=waiting, is_sent=True, problems=problems)
    return _continue(visit, session)


async def confirm_by_passkey(visit: Visit) -> Response:
    session, site = None, passkeys.site_of(visit.app.settings)
    if passkeys.is_available(site):
        async with visit.app.database.transaction() as connection:
            session = await passkeys.finish_confirmation(
                connection,
                visit.signed_in,
                site,
                credential=visit.form.get("credential", ""),
                token=visit.session_token,
                now=read_machine_clock(),
            )
    if session is None:
        waiting, problems = confirmation.find_waiting(visit), {"passkey": visit.gettext(NO_PASSKEY)}
        return confirmation.ask(visit, waiting=waiting, problems=problems)
    return _continue(visit, session)


def _continue(visit: Visit, session: NewSession) -> Response:
    """Returns to the page that asked; a form that waits is shown, with the token of the session that continues."""
    waiting = confirmation.find_waiting(visit)
    if waiting is None:
        response = visit.redirect(visit.find_next(ROOT), done="confirmed")
    else:
        response = visit.show(
            "frame/confirmed.html", waiting=waiting, token=visit.make_form_token(session.token)
        )
    cookies.set_session(response, visit.app.settings, session.token)
    return response
