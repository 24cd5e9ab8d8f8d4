"""Owns the commands ``jobmeter db ...``: verifies the laws of the money, upgrades the schema, opens psql.

Does not own the laws (``integrity``), the migrations (``database``) or psql (``cli.psql``).
"""

import asyncio
import sys
from collections.abc import Sequence

from cyclopts import App
from rich.table import Table

from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, UrlOption
from jobmeter.cli.psql import psql
from jobmeter.cli.serve import open_database
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.model import LawCheck

app = App(name="db")
app.command(psql)


@app.command
def check(*, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "") -> None:
    """Verifies every law of the money over the whole database. The exit code is not 0 if one is broken."""
    with open_database(data, database_url, must_exist=True) as url:
        checks = asyncio.run(_check(url))
    _print_checks(checks)
    if any(found.breaches for found in checks):
        sys.exit(1)


async def _check(url: str) -> Sequence[LawCheck]:
    opened = await Database.open(url, connections_max=2)
    try:
        async with opened.transaction() as connection:
            return await integrity.check_laws(connection)
    finally:
        await opened.close()


def _print_checks(checks: Sequence[LawCheck]) -> None:
    console, table = Terminal(), Table(title="The laws of the money", title_justify="left")
    for name, side in (("law", "left"), ("checked", "right"), ("breaches", "right"), ("first", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    for found in checks:
        table.add_row(found.law, f"{found.checked:,}", f"{found.breaches:,}", found.example or "")
    console.print(table)
    if any(found.breaches for found in checks):
        console.print_line("BROKEN", style="bold red")
    else:
        console.print_line("All laws hold.", style="bold green")


@app.command
def upgrade(*, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "") -> None:
    """Creates or upgrades the schema; starting a server does this as well."""
    with open_database(data, database_url) as url:
        applied = asyncio.run(upgrade_database(url))
    console = Terminal()
    for line in applied or ("The schema is up to date.",):
        console.print_line(line)
