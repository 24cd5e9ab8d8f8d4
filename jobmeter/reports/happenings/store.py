"""Owns the statement of what happened between two moments."""

from datetime import datetime

from jobmeter.database.connection import Connection
from jobmeter.database.rows import list_rows
from jobmeter.database.statements import load_statements
from jobmeter.reports.happenings.model import Happening

SQL = load_statements("jobmeter.reports.happenings")


async def list_happenings(connection: Connection, *, since: datetime, until: datetime) -> list[Happening]:
    return await list_rows(connection, Happening, SQL["list_happenings"], {"since": since, "until": until})
