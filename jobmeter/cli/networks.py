"""Owns the command ``jobmeter networks load``, which refuses clicks from the networks of some autonomous systems.

Does not own the rule that reverses the clicks (``jobmeter.settlement``).
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import App, Parameter
from rich.console import Console

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import Refused
from jobmeter.cli.serve import DATA, DataOption, UrlOption, open_database
from jobmeter.database.pool import Database
from jobmeter.settlement.click_rules.flow import set_networks_by_asn

app = App(name="networks", help="Loads lists of networks whose clicks are reversed.")


@app.command
def load(
    file: Path,
    *,
    asn: Annotated[list[int], Parameter(negative=())],
    name: str = "asn",
    data: DataOption = DATA / "production",
    database_url: UrlOption = "",
) -> None:
    """Loads the networks of autonomous systems from the CSV FILE and replaces the list of that name.

    The first line names the columns: asn, and either network (198.51.100.0/24) or start and end. Give --asn once for
    each autonomous system; without a match the list becomes empty.
    """
    with (
        open_database(data, database_url) as url,
        file.expanduser().open(encoding="utf-8", newline="") as opened,
    ):
        try:
            added, too_narrow = asyncio.run(_load(url, opened, name, asn))
        except Refused as refused:
            sys.exit(refused.message)
    Console().print(f"List {name}: {added:,} networks added, {too_narrow:,} too narrow to use", markup=False)


async def _load(url: str, opened: TextIO, name: str, asns: list[int]) -> tuple[int, int]:
    database = await Database.open(url, connections_max=1)
    try:
        async with database.transaction() as connection:
            return await set_networks_by_asn(
                connection, list_name=name, lines=opened, asns=frozenset(asns), now=read_machine_clock()
            )
    finally:
        await database.close()
