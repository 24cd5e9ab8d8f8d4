"""Owns the cookies: the session's, that of a browser before log-in, and the choices of language and theme.

Does not own sessions (``people.sessions``).
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from jobmeter.base.settings import Settings

SESSION = "jobmeter"
BROWSER = "jobmeter-browser"
LANGUAGE, THEME = "jobmeter-language", "jobmeter-theme"
# With this prefix browsers accept a cookie over https only, and from this host only.
PREFIX = "__Host-"
BROWSER_DAYS, CHOICE_DAYS = 1, 365


def is_secure(settings: Settings) -> bool:
    """Only a sandbox may be used over plain http: nothing in it is real."""
    return not settings.sandbox or settings.base_url.startswith("https://")


def name_cookie(name: str, settings: Settings) -> str:
    return f"{PREFIX}{name}" if is_secure(settings) else name


def read_cookie(request: Request, settings: Settings, name: str) -> str:
    return request.cookies.get(name_cookie(name, settings), "")


def set_session(response: Response, settings: Settings, token: str) -> None:
    """The browser keeps it until it is closed; how long the session lasts is decided by the server."""
    _set(response, settings, SESSION, token, None)


def set_browser(response: Response, settings: Settings, token: str) -> None:
    _set(response, settings, BROWSER, token, timedelta(days=BROWSER_DAYS))


def set_choice(response: Response, settings: Settings, name: str, *, value: str) -> None:
    """An empty value removes the choice."""
    if value:
        _set(response, settings, name, value, timedelta(days=CHOICE_DAYS))
    else:
        _remove(response, settings, name)


def remove_session(response: Response, settings: Settings) -> None:
    _remove(response, settings, SESSION)


def _set(response: Response, settings: Settings, name: str, value: str, age: timedelta | None) -> None:
    response.set_cookie(
        name_cookie(name, settings),
        value,
        max_age=None if age is None else int(age.total_seconds()),
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def _remove(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(
        name_cookie(name, settings), path="/", secure=is_secure(settings), httponly=True, samesite="lax"
    )
