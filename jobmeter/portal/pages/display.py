"""``POST /portal/display``: the language and the theme of this browser, kept in its cookies, also without a session."""

from starlette.responses import Response

from jobmeter.portal.catalogue.texts import LANGUAGES
from jobmeter.portal.frame import cookies
from jobmeter.portal.frame.site import ROOT
from jobmeter.portal.frame.visit import THEMES, Visit


async def change_display(visit: Visit) -> Response:
    """An unknown value is as none: the browser's language, the system's theme."""
    language, theme = visit.form.get("language", ""), visit.form.get("theme", "")
    response = visit.redirect(visit.find_next(ROOT), done="display")
    settings = visit.app.settings
    cookies.set_choice(response, settings, cookies.LANGUAGE, value=language if language in LANGUAGES else "")
    cookies.set_choice(response, settings, cookies.THEME, value=theme if theme in THEMES else "")
    return response
