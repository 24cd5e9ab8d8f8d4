"""``GET /health``: whether the server can reach its database, its current time, and the last settled day; for the operator more."""

import platform

from starlette.responses import Response

from jobmeter import __version__
from jobmeter.base.settings import list_in_force
from jobmeter.http.context import RequestContext
from jobmeter.http.responses import format_time, json_response
from jobmeter.reports.health import flow as health
from jobmeter.settlement.days import flow as settlement


async def show_health(context: RequestContext) -> Response:
    """Returns the time and the last settled day; if the database cannot be used, 503 with the reason."""
    await context.app.database.check()
    async with context.app.database.connection() as connection:
        settled_through = await settlement.read_settled_through(connection)
    return json_response(
        {
            "status": "ok",
            "now": context.now.isoformat(),
            "sandbox": context.app.settings.sandbox,
            "settledThrough": format_time(settled_through),
        }
    )


async def show_operation(context: RequestContext) -> Response:
    """Settings in force, secrets only as whether they are set; versions, database, queues, and when each chore ran last."""
    app = context.app
    async with app.database.connection() as connection:
        found = await health.read_health(connection, now=context.now)
    database = found.database
    return json_response(
        {
            "version": __version__,
            "python": platform.python_version(),
            "database": {
                "version": database.version,
                "bytes": database.byte_count,
                "connections": database.connections,
                "connectionsMax": database.connections_max,
                "lastMigration": database.last_migration,
                "lentByThisProcess": app.database.connections_lent,
                "poolMax": app.settings.pool_connections_max,
            },
            "queues": [
                {"name": one.name, "waiting": one.waiting, "oldestAt": format_time(one.oldest_at)}
                for one in found.queues
            ],
            "chores": [
                {
                    "name": one.name,
                    "ranAt": one.ran_at.isoformat(),
                    "workedAt": format_time(one.worked_at),
                    "failedAt": format_time(one.failed_at),
                }
                for one in found.chores
            ],
            "settings": dict(list_in_force(app.settings)),
        }
    )
