"""Owns ``jobmeter erase``: what is stored of a member or of a visitor, and what is printed of it.

Does not own what is erased (``jobmeter.privacy``).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import CommandFailed, Refused
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import make_actor, open_database
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from jobmeter.privacy import flow as privacy
from jobmeter.privacy.model import LEFT_BECAUSE, Erasure

app = App(name="erase", help="Erases what is stored of a person: a member by e-mail address, or a visitor.")

TryOption = Annotated[
    bool, Parameter(name="--try", negative=(), help="Print what would be erased, and erase nothing.")
]
Erase = Callable[[Connection], Awaitable[Erasure]]


@app.command
def member(
    email: Annotated[str, Parameter(help="E-mail address of the member.")],
    /,
    *,
    is_trial: TryOption = False,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Erases the address EMAIL of a poster, seat or person who logs in, and prints what is left of it and why.

    Jobs, postings and sums stay: a substitute that nobody knows takes the place of the address. May be repeated.

    Example: jobmeter erase member ann@example.com --try
    """
    now, actor = read_machine_clock(), make_actor()

    async def erase(connection: Connection) -> Erasure:
        return await privacy.erase_member(connection, email=email, actor=actor, now=now)

    with open_database(data, database_url, must_exist=True) as url:
        _carry_out(url, erase, is_trial=is_trial, as_json=json)


@app.command
def visitor(
    name: Annotated[str, Parameter(help="The visitor as the job board's events name it.")],
    /,
    *,
    is_trial: TryOption = False,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    json: JsonOption = False,
) -> None:
    """Erases the visitor NAME of the job board from the events that are kept. What they were charged stays.

    Events of days whose salt is deleted name nobody already. May be repeated.

    Example: jobmeter erase visitor 7f3a91c2 --try
    """
    now, actor = read_machine_clock(), make_actor()

    async def erase(connection: Connection) -> Erasure:
        return await privacy.erase_visitor(connection, visitor=name, actor=actor, now=now)

    with open_database(data, database_url, must_exist=True) as url:
        _carry_out(url, erase, is_trial=is_trial, as_json=json)


def _carry_out(url: str, erase: Erase, *, is_trial: bool, as_json: bool) -> None:
    try:
        erasure = asyncio.run(_erase(url, erase, is_trial=is_trial))
    except Refused as refused:
        raise CommandFailed(refused.message) from refused
    _print(erasure, is_trial=is_trial, as_json=as_json)


async def _erase(url: str, erase: Erase, *, is_trial: bool) -> Erasure:
    async with (
        Database.opened(url, connections_max=1) as database,
        database.connection() as connection,
        connection.transaction(force_rollback=is_trial),
    ):
        return await erase(connection)


def _print(erasure: Erasure, *, is_trial: bool, as_json: bool) -> None:
    if as_json:
        print_json({"substitute": erasure.substitute, "erased": erasure.erased, "left": erasure.left})
        return
    console = Terminal()
    console.print_line("Would be erased:" if is_trial else "Erased:", style="bold")
    console.print_values([(name, f"{count:,}") for name, count in erasure.erased.items()])
    if erasure.substitute and not is_trial:
        console.print_line(f"Its place is taken by {erasure.substitute}")
    for name, count in erasure.left.items():
        if count:
            console.print_line(f"Left: {count:,} {name}: {LEFT_BECAUSE[name]}", style="yellow")
