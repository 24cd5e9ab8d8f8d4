"""``/portal/operator/health``: settings in force without secrets, versions, the database, queues, and when each chore ran last."""

import platform

from starlette.responses import Response

from jobmeter import __version__
from jobmeter.base.settings import list_in_force
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.frame.visit import Visit
from jobmeter.reports.health import flow as health
from jobmeter.reports.health.model import QueueName
from jobmeter.settlement.days import flow as settlement

QUEUES = {
    QueueName.TASKS: mark("Operations in progress"),
    QueueName.DELIVERIES: mark("Deliveries that wait"),
    QueueName.FEEDS: mark("Feeds that are due"),
    QueueName.FILES: mark("Documents without files"),
    QueueName.MAILS: mark("Mails with documents"),
    QueueName.LIST_CHANGES: mark("Changes of lists"),
}
MEGABYTE = 1_000_000


async def show_health(visit: Visit) -> Response:
    async with visit.app.database.connection() as connection:
        found = await health.read_health(
            connection, final_after_days=visit.app.settings.final_after_days, now=visit.context.now
        )
        settled_through = await settlement.read_settled_through(connection)
    return visit.show(
        "operator/programme/health.html",
        health=found,
        queues=QUEUES,
        megabytes=found.database.byte_count // MEGABYTE,
        lent=visit.app.database.connections_lent,
        lent_max=visit.app.settings.pool_connections_max,
        versions=(
            f"Jobmeter {__version__}",
            f"Python {platform.python_version()}",
            f"PostgreSQL {found.database.version}",
        ),
        settled_through=settled_through,
        settings=list_in_force(visit.app.settings),
    )
