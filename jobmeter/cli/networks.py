"""Owns the command ``jobmeter networks load``, which reverses clicks from the networks of some autonomous systems.

Does not own the rule that reverses them (``jobmeter.settlement``).
"""

import asyncio
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import App, Parameter

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import CommandFailed, Refused
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, UrlOption
from jobmeter.cli.serve import open_database
from jobmeter.database.pool import Database
from jobmeter.settlement.click_rules.flow import set_networks_by_asn

app = App(name="networks")


@app.command
def load(
    file: Annotated[Path, Parameter(help="CSV with the columns asn and network, or asn, start and end.")],
    *,
    asn: Annotated[
        list[int],
        Parameter(
            negative=(), consume_multiple=False, help="Number of an autonomous system; repeat the option."
        ),
    ],
    name: Annotated[str, Parameter(help="Name of the list.")] = "asn",
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
) -> None:
    """Loads the networks of autonomous systems from the CSV FILE and replaces the list of that name.

    Other columns are ignored. Without a match the list becomes empty.
    """
    path = file.expanduser()
    with open_database(data, database_url) as url, path.open(encoding="utf-8", newline="") as opened:
        try:
            added, too_narrow = asyncio.run(_load(url, opened, name, asn))
        except Refused as refused:
            raise CommandFailed(refused.message) from refused
    Terminal().print(f"List {name}: {added:,} networks added, {too_narrow:,} too narrow to use", markup=False)


async def _load(url: str, opened: TextIO, name: str, asns: list[int]) -> tuple[int, int]:
    database = await Database.open(url, connections_max=1)
    try:
        async with database.transaction() as connection:
            return await set_networks_by_asn(
                connection, list_name=name, lines=opened, asns=frozenset(asns), now=read_machine_clock()
            )
    finally:
        await database.close()
