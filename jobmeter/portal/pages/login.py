"""``/portal/login``: where people without a session are sent."""

from starlette.responses import Response

from jobmeter.portal.frame.visit import Visit


async def show_login(visit: Visit) -> Response:
    return visit.show("login/start.html")
