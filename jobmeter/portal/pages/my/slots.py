"""``/portal/my/slots``: the contracts with slots of a customer, or of which a member is a seat."""

from starlette.responses import Response

from jobmeter.jobs.members import flow as members
from jobmeter.portal.frame.visit import Visit
from jobmeter.portal.pages.my.owned import find_viewer


async def list_slots(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        slots = await members.list_slots(connection, viewer=find_viewer(visit))
    return visit.show("member/slots.html", slots=slots)
