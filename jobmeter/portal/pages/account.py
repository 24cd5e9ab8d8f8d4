"""``/portal/account``: one's own sessions and passkeys, name, language, time zone and theme."""

from zoneinfo import available_timezones

from starlette.responses import Response

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Fault, Refused
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.accounts.model import AccountChange
from jobmeter.people.passkeys import flow as passkeys
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.catalogue.texts import LANGUAGES, mark
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.forms import read_id
from jobmeter.portal.frame.site import LOGIN, ROOT
from jobmeter.portal.frame.visit import THEMES, Visit

ACCOUNT = f"{ROOT}/account"
NAME_CHARACTERS_MAX = 200
BY_SYSTEM = "system"
NO_NAME = mark("A name has at most 200 characters")
NO_ZONE = mark("Choose a time zone such as Europe/Berlin")
NO_PASSKEY = mark("The passkey was not stored. Try again")


async def show_account(visit: Visit) -> Response:
    return await _show(visit, {})


async def _show(visit: Visit, problems: dict[str, str]) -> Response:
    now, person = read_machine_clock(), visit.person
    site = passkeys.site_of(visit.app.settings)
    has_passkeys, is_confirmed = passkeys.is_available(site), visit.signed_in.is_confirmed(now)
    options = ""
    async with visit.app.database.connection() as connection:
        found = await sessions.list_sessions(connection, person_id=person.id, now=now)
        keys = await passkeys.list_passkeys(connection, person_id=person.id)
        if has_passkeys and is_confirmed:
            options = await passkeys.begin_registration(
                connection, person, site, browser_token=visit.session_token, now=now
            )
    return visit.show(
        "account/account.html",
        problems=problems,
        sessions=found,
        passkeys=keys,
        has_passkeys=has_passkeys,
        is_confirmed=is_confirmed,
        passkey_options=options,
        zones=sorted(available_timezones()),
        given={name: visit.form.get(name, "") for name in ("name", "time_zone")},
    )


async def change_account(visit: Visit) -> Response:
    """The choices hold for the person; what was chosen for this browser alone is dropped."""
    name, zone = visit.form.get("name", "").strip(), visit.form.get("time_zone", "").strip()
    problems = {}
    if len(name) > NAME_CHARACTERS_MAX or not (name.isprintable() or not name):
        problems["name"] = visit.gettext(NO_NAME)
    if zone not in available_timezones():
        problems["time_zone"] = visit.gettext(NO_ZONE)
    if problems:
        return await _show(visit, problems)
    language, theme = visit.form.get("language", ""), visit.form.get("theme", "")
    change = AccountChange(
        name=name,
        time_zone=zone,
        language=language if language in LANGUAGES else None,
        theme=theme if theme in THEMES else BY_SYSTEM,
    )
    async with visit.app.database.transaction() as connection:
        await accounts.change_account(connection, change, person_id=visit.person.id)
    response = visit.redirect(ACCOUNT, done="account")
    for cookie in (cookies.LANGUAGE, cookies.THEME):
        cookies.set_choice(response, visit.app.settings, cookie, value="")
    return response


async def end_session(visit: Visit) -> Response:
    """Ends one session of the person; this one too. A session that is over already is none to complain about."""
    session_id = read_id(visit.form, "session", what="session")
    async with visit.app.database.transaction() as connection:
        await sessions.end_session(connection, session_id=session_id, person_id=visit.person.id)
    if session_id != visit.signed_in.session_id:
        return visit.redirect(ACCOUNT, done="session")
    return _log_out(visit)


async def end_all_sessions(visit: Visit) -> Response:
    async with visit.app.database.transaction() as connection:
        await sessions.end_all_sessions(connection, person_id=visit.person.id)
    return _log_out(visit)


def _log_out(visit: Visit) -> Response:
    response = visit.redirect(LOGIN, done="logout")
    cookies.remove_session(response, visit.app.settings)
    return response


async def add_passkey(visit: Visit) -> Response:
    """Only shortly after a log-in: who finds an open browser must not keep a way in."""
    now, is_stored, site = read_machine_clock(), False, passkeys.site_of(visit.app.settings)
    if passkeys.is_available(site):
        async with visit.app.database.transaction() as connection:
            is_stored = await passkeys.finish_registration(
                connection,
                visit.person,
                site,
                credential=visit.form.get("credential", ""),
                name=visit.form.get("passkey_name", "").strip(),
                browser_token=visit.session_token,
                now=now,
            )
    if not is_stored:
        return await _show(visit, {"passkey_name": visit.gettext(NO_PASSKEY)})
    return visit.redirect(ACCOUNT, done="passkey")


async def remove_passkey(visit: Visit) -> Response:
    passkey_id = read_id(visit.form, "passkey", what="passkey")
    async with visit.app.database.transaction() as connection:
        if not await passkeys.remove_passkey(connection, passkey_id=passkey_id, person_id=visit.person.id):
            raise Refused(Fault.OPERATOR_UNKNOWN, what="passkey", key=passkey_id)
    return visit.redirect(ACCOUNT, done="passkey-removed")
