"""Owns the command ``jobmeter networks load``, which reverses clicks from the networks of some autonomous systems.

Does not own the rule that reverses them (``jobmeter.settlement``).
"""

import asyncio
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import Parameter

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import CommandFailed, Refused
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import make_actor, open_database
from jobmeter.database.pool import Database
from jobmeter.settlement.click_rules.flow import list_network_lists, set_networks_by_asn

DIGITS_MAX = 10


def load(
    file: Annotated[Path, Parameter(help="CSV with the columns asn and network, or asn, start and end.")],
    *,
    asn: Annotated[str, Parameter(help="Numbers of autonomous systems, separated by commas.")],
    name: Annotated[str, Parameter(help="Name of the list.")] = "asn",
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Loads the networks of autonomous systems from the CSV FILE and replaces the list of that name.

    Other columns are ignored. Without a match the list becomes empty.

    Example: jobmeter networks load asn.csv --asn 64500,64501 --name clouds
    """
    numbers = asn.replace("AS", "").split(",")
    if not all(number.isascii() and number.isdigit() and len(number) <= DIGITS_MAX for number in numbers):
        raise CommandFailed(f"--asn must be numbers separated by commas, not {asn[:60]!r}")
    asns = frozenset(map(int, numbers))
    path = file.expanduser()
    with open_database(data, database_url) as url, path.open(encoding="utf-8", newline="") as opened:
        try:
            added, too_narrow = asyncio.run(_load(url, opened, name, asns))
        except Refused as refused:
            raise CommandFailed(refused.message) from refused
    if json:
        print_json({"name": name, "added": added, "tooNarrow": too_narrow})
    else:
        Terminal().print_line(f"List {name}: {added:,} networks added, {too_narrow:,} too narrow to use")


async def _load(url: str, opened: TextIO, name: str, asns: frozenset[int]) -> tuple[int, int]:
    async with Database.opened(url, connections_max=1) as database, database.transaction() as connection:
        now, kept = read_machine_clock(), await list_network_lists(connection)
        added, too_narrow = await set_networks_by_asn(
            connection, list_name=name, lines=opened, asns=asns, now=now
        )
        act = Act(
            action=Action.NETWORK_LIST_REPLACE,
            subject_id=name,
            actor=make_actor(),
            at=now,
            partner_id=None,
            before={"count": sum(one.networks for one in kept if one.list_name == name)},
            after={"count": added, "asns": sorted(asns)},
        )
        await audit.record(connection, act)
        return added, too_narrow
