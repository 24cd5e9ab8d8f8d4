"""Owns the commands ``jobmeter db ...``: verifies the laws of the money, prints the head of the chain, plans and upgrades the schema,
distributes it over nodes, seals secrets with a new key, opens psql.

Does not own the laws (``integrity``), the migrations (``database``) or psql (``cli.server.psql``).
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from jobmeter.audit import flow as audit
from jobmeter.audit.model import Act, Action
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import CommandFailed
from jobmeter.base.lists import list_parts
from jobmeter.base.settings import Settings
from jobmeter.base.terminal import Terminal
from jobmeter.cli.law_checks import SinceOption, check_database, print_checks, read_heads
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption, whole_number
from jobmeter.cli.output import print_json, print_record, print_rows, to_camel
from jobmeter.cli.server.backups import archive, backup, restore
from jobmeter.cli.server.psql import psql
from jobmeter.cli.server.serve import make_actor, open_database
from jobmeter.database.migrations_runner import (
    LOCK_SECONDS,
    STATEMENT_SECONDS,
    list_migrations,
    list_newer,
)
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.database.sealing import Resealing
from jobmeter.integrity import flow as integrity
from jobmeter.integrity.streams.model import ChainHead
from jobmeter.notifications.endpoints import flow as endpoints
from jobmeter.operations import store as operations
from jobmeter.operations.distributing import PIECES, carry_out, check_distribution
from jobmeter.operations.distribution import Place, Step, list_places, plan_distribution
from jobmeter.operations.upgrade_plan import plan_upgrade
from jobmeter.partners.oauth1 import flow as signatures

YesOption = Annotated[bool, Parameter("--yes", negative=(), help="Carry the plan out, not only print it.")]
PiecesOption = Annotated[
    int,
    whole_number(
        "--pieces",
        least=1,
        most=256,
        meaning="In how many pieces the tables are divided when they are first.",
    ),
]

app = App(name="db")
app.command(psql)
app.command(backup)
app.command(archive)
app.command(restore)


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
    heads = read_heads(since)
    with open_database(data, database_url, must_exist=True) as url:
        checked = asyncio.run(check_database(url, heads))
    print_checks(checked, is_json=json)
    if not checked.is_proof(heads):
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


async def _read_head(url: str) -> ChainHead | None:
    async with Database.opened(url, connections_max=1) as opened, opened.transaction() as connection:
        return await integrity.read_head(connection)


@app.command
def plan(
    *, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "", json: JsonOption = False
) -> None:
    """Shows what an upgrade of the schema would do: each migration, and which tables it locks. Changes nothing.

    Example: jobmeter db plan
    """
    known = list_migrations()
    with open_database(data, database_url, must_exist=True) as url:
        applied = operations.list_applied_migrations(url)
    newer, planned = list_newer(applied, [name for name, _ in known]), plan_upgrade(known, applied)
    if json:
        print_json({"planned": [asdict(one) for one in planned], "newer": newer})
        return
    console = Terminal()
    for name in newer:
        console.print_line(f"{name} was applied by a newer release; this one can serve it.")
    if not planned:
        console.print_line("Nothing to do: the database has every migration of this release.")
        return
    rows = [
        {"migration": one.name, "what it does": one.purpose}
        | {"locks": one.locked, "writes wait": one.writes_wait, "changes rows of": one.rows_changed}
        for one in planned
    ]
    print_rows(rows, list(rows[0]), as_json=False)
    console.print_line(
        f"Each is a transaction of its own, waits for a lock for at most {LOCK_SECONDS} s, and no statement takes more than"
        f" {STATEMENT_SECONDS} s; one that does not succeed changes nothing. jobmeter db upgrade, or a server that starts, applies them."
    )
    if beforehand := [statement for one in planned for statement in one.beforehand]:
        console.print_line("Where these tables are large, make their indexes before, while the server runs:")
        for statement in beforehand:
            console.print_line(f"  {statement}")


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


@app.command
def distribute(
    *,
    data: DataOption = PRODUCTION_DATA,
    database_url: UrlOption = "",
    pieces: PiecesOption = PIECES,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Distributes the tables over the nodes of a Citus cluster: prints the plan, and with --yes carries it out.

    What was done is not done again, so it can be repeated after an interruption, an upgrade or a new node.

    Example: jobmeter db distribute --yes
    """
    with open_database(data, database_url, must_exist=True) as url:
        if yes:
            asyncio.run(upgrade_database(url))
        elif plan_upgrade(list_migrations(), operations.list_applied_migrations(url)):
            raise CommandFailed(
                "The schema is older than this release: first jobmeter db upgrade, or --yes does both"
            )
        found = operations.read_distribution(url)
        check_distribution(found)
        steps = plan_distribution(found)
        places = list_places(found.tables)
        if json:
            print_json(
                {
                    "nodes": found.nodes,
                    "tables": {to_camel(place.name.lower()): names for place, names in places.items()},
                    "steps": [_describe(step) for step in steps],
                }
            )
        else:
            _print_plan(found.nodes, places, steps, is_carried_out=yes)
        if yes:
            carry_out(url, steps, pieces=pieces)


def _describe(step: Step) -> dict[str, str]:
    return {"step": step.act.value, "table": step.table, "foreign key": step.key_name}


def _print_plan(
    nodes: tuple[str, ...], places: dict[Place, list[str]], steps: list[Step], *, is_carried_out: bool
) -> None:
    console = Terminal()
    console.print_line(f"Pieces are on {', '.join(nodes)}.")
    for place, names in places.items():
        console.print_line(f"{len(names)} tables {place.value}: {', '.join(names)}")
    if not steps:
        console.print_line("Nothing to do: the database is distributed.")
        return
    described = [_describe(step) for step in steps]
    print_rows(described, list(described[0]), as_json=False)
    if not is_carried_out:
        console.print_line("Stop the servers, then carry it out with --yes.")


@app.command
def reseal(
    *, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "", json: JsonOption = False
) -> None:
    """Seals the secrets in the database with the newest key of JOBMETER_SECRET_KEY, so that the older keys can be removed from it.

    Example: jobmeter db reseal
    """
    secret_key = Settings.from_environment().secret_key
    if not list_parts(secret_key):
        raise CommandFailed("JOBMETER_SECRET_KEY is not set: there is nothing to seal with")
    with open_database(data, database_url, must_exist=True) as url:
        counts = asyncio.run(_reseal(url, secret_key))
    print_record({to_camel(name): count for name, count in asdict(counts).items()}, as_json=json)
    if counts.unreadable:
        raise CommandFailed(
            f"{counts.unreadable} secrets are sealed with a key that JOBMETER_SECRET_KEY does not list: list it too, or let their owners"
            " make new ones"
        )


async def _reseal(url: str, secret_key: str) -> Resealing:
    async with Database.opened(url, connections_max=1) as opened, opened.transaction() as connection:
        counts = await endpoints.reseal_secrets(connection, secret_key=secret_key)
        counts += await signatures.reseal_signing_secrets(connection, secret_key=secret_key)
        act = Act(
            action=Action.SECRETS_SEAL_AGAIN,
            subject_id="all",
            actor=make_actor(),
            at=read_machine_clock(),
            partner_id=None,
            after={to_camel(name): count for name, count in asdict(counts).items()},
        )
        await audit.record(connection, act)
    return counts
