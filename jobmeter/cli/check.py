"""Owns ``jobmeter db check`` and ``jobmeter db head``: their options and their output.

Does not own the laws (``jobmeter.integrity``).
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from jobmeter.cli.serve import DATA, DataOption, UrlOption, open_database
from jobmeter.database.pool import Database
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.model import LawCheck
from jobmeter.integrity.streams.model import ChainHead

SinceOption = Annotated[
    str,
    Parameter("--since", help="A head of the chain that was kept outside the database, or a file of heads."),
]

console = Console()


def check_database(
    *, data: DataOption = DATA / "production", database_url: UrlOption = "", since: SinceOption = ""
) -> None:
    """Verifies every law of the money over the whole database. The exit code is not 0 if one is broken."""
    heads = _read_heads(since)
    with open_database(data, database_url, must_exist=True) as url:
        found = asyncio.run(_check(url, heads))
    if found is None:
        console.print("There is nothing to check: the database has no contracts, jobs, events or postings.")
        sys.exit(1 if heads else 0)
    checks, head = found
    _print_checks(checks)
    if head is not None:
        console.print(f"Head of the chain: {head}", soft_wrap=True)
    if any(check.breaches for check in checks):
        sys.exit(1)


def print_head(*, data: DataOption = DATA / "production", database_url: UrlOption = "") -> None:
    """Prints the head of the chain of seals, to be kept outside the database; checks nothing."""
    with open_database(data, database_url, must_exist=True) as url:
        head = asyncio.run(_read_head(url))
    if head is None:
        raise ValueError("nothing is sealed yet; a running server seals once a minute")
    console.print(str(head), soft_wrap=True, highlight=False)


def _read_heads(since: str) -> list[ChainHead]:
    """The option's head, or each line of the file that it names."""
    if not since:
        return []
    path = Path(since)
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else [since]
    return [ChainHead.parse(line) for line in lines]


async def _check(url: str, heads: Sequence[ChainHead]) -> tuple[list[LawCheck], ChainHead | None] | None:
    """``None`` for a database that no law is about."""
    opened = await Database.open(url, connections_max=2)
    try:
        async with opened.transaction() as connection:
            if not await integrity.has_records(connection):
                return None
            return await integrity.check_laws(connection, since=heads), await integrity.read_head(connection)
    finally:
        await opened.close()


async def _read_head(url: str) -> ChainHead | None:
    opened = await Database.open(url, connections_max=1)
    try:
        async with opened.transaction() as connection:
            return await integrity.read_head(connection)
    finally:
        await opened.close()


def _print_checks(checks: Sequence[LawCheck]) -> None:
    table = Table(title="The laws of the money", title_justify="left")
    for name, side in (("law", "left"), ("checked", "right"), ("breaches", "right"), ("first", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    for check in checks:
        table.add_row(check.law, f"{check.checked:,}", f"{check.breaches:,}", check.example or "")
    console.print(table)
    broken = sum(1 for check in checks if check.breaches)
    console.print(f"[bold red]BROKEN: {broken} of {len(checks)}" if broken else "[bold green]All laws hold.")
