"""Owns the commands ``jobmeter db ...``: verifies the laws of the money, prints the head of the chain, upgrades the schema, opens psql.

Does not own the laws (``integrity``), the migrations (``database``) or psql (``cli.server.psql``).
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption
from jobmeter.cli.output import print_json
from jobmeter.cli.server.psql import psql
from jobmeter.cli.server.serve import open_database
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.model import LawCheck
from jobmeter.integrity.streams.model import ChainHead

SinceOption = Annotated[
    str,
    Parameter("--since", help="A head of the chain that was kept outside the database, or a file of them."),
]

app = App(name="db")
app.command(psql)


@app.command
def check(
    *,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    since: SinceOption = "",
    json: JsonOption = False,
) -> None:
    """Verifies every law of the money over the whole database. The exit code is not 0 if one is broken.

    Example: jobmeter db check --since heads.txt
    """
    heads = _read_heads(since)
    with open_database(data, database_url, must_exist=True) as url:
        checks, head = asyncio.run(_check(url, heads))
    if json:
        _print_json(checks, head)
    else:
        _print(checks, head)
    if any(found.breaches for found in checks) or (heads and not checks):
        sys.exit(1)


@app.command
def head(
    *, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "", json: JsonOption = False
) -> None:
    """Prints the head of the chain of seals, to be kept outside the database. Checks nothing.

    Example: jobmeter db head
    """
    with open_database(data, database_url, must_exist=True) as url:
        found = asyncio.run(_read_head(url))
    if found is None:
        raise ValueError("nothing is sealed yet; a running server seals once a minute")
    if json:
        print_json({"head": str(found)})
    else:
        Terminal().print_line(str(found))


def _read_heads(since: str) -> list[ChainHead]:
    """The option's head, or each line of the file that it names."""
    if not since:
        return []
    path = Path(since)
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else [since]
    return [ChainHead.parse(line) for line in lines]


async def _check(url: str, heads: Sequence[ChainHead]) -> tuple[list[LawCheck], ChainHead | None]:
    """No checks of a database that no law is about."""
    async with Database.opened(url, connections_max=2) as opened, opened.transaction() as connection:
        if not await integrity.has_records(connection):
            return [], None
        return await integrity.check_laws(connection, since=heads), await integrity.read_head(connection)


async def _read_head(url: str) -> ChainHead | None:
    async with Database.opened(url, connections_max=1) as opened, opened.transaction() as connection:
        return await integrity.read_head(connection)


def _print_json(checks: Sequence[LawCheck], head: ChainHead | None) -> None:
    laws = [
        {"law": one.law, "checked": one.checked, "breaches": one.breaches, "first": one.example or None}
        for one in checks
    ]
    print_json({"laws": laws, "head": None if head is None else str(head)})


def _print(checks: Sequence[LawCheck], head: ChainHead | None) -> None:
    console = Terminal()
    if not checks:
        console.print_line("There is nothing to check: no contracts, jobs, events or postings.")
    else:
        _print_checks(checks)
    if head is not None:
        console.print_line(f"Head of the chain: {head}")


def _print_checks(checks: Sequence[LawCheck]) -> None:
    console = Terminal()
    console.print_table(
        ("law", "checked", "breaches", "first"),
        [(one.law, f"{one.checked:,}", f"{one.breaches:,}", one.example or "") for one in checks],
        title="The laws of the money",
    )
    if broken := sum(1 for found in checks if found.breaches):
        console.print_line(f"BROKEN: {broken} of {len(checks)}", style="bold red")
    else:
        console.print_line("All laws hold.", style="bold green")


@app.command
def upgrade(
    *, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "", json: JsonOption = False
) -> None:
    """Creates or upgrades the schema; starting a server does this as well.

    Example: jobmeter db upgrade --data /var/lib/jobmeter
    """
    with open_database(data, database_url) as url:
        applied = asyncio.run(upgrade_database(url))
    if json:
        print_json({"applied": applied})
        return
    console = Terminal()
    for line in applied or ("The schema is up to date.",):
        console.print_line(line)
