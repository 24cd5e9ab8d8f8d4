"""Owns ``jobmeter doctor``: looks at an installation as it is set up here, and says what to do.

Does not own the checks (``operations.doctor``). Changes nothing: not even the schema.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict

import psycopg

from jobmeter.base.clock import read_machine_clock
from jobmeter.base.faults import CommandFailed
from jobmeter.base.settings import Settings, find_misspelt
from jobmeter.base.terminal import Terminal
from jobmeter.cli.options import PRODUCTION_DATA, DataOption, JsonOption, UrlOption
from jobmeter.cli.output import print_json
from jobmeter.cli.server.serve import open_database
from jobmeter.cli.server.settings import check_settings
from jobmeter.database.connection import CONNECT_SECONDS, DatabaseUnusable
from jobmeter.database.migrations_runner import list_migrations
from jobmeter.database.outages import describe_outage
from jobmeter.operations import store
from jobmeter.operations.doctor import (
    Finding,
    Grade,
    examine_database,
    examine_health,
    examine_replica,
    examine_settings,
)
from jobmeter.replicas.flow import is_following
from jobmeter.reports.health.flow import read_health
from jobmeter.reports.health.model import Health

STYLES = {Grade.GOOD: "green", Grade.WARNING: "yellow", Grade.BAD: "bold red"}


def doctor(
    *, data: DataOption = PRODUCTION_DATA, database_url: UrlOption = "", json: JsonOption = False
) -> None:
    """Looks at settings, database, background work, settlement and archive, and says what to do. The exit code is not 0 if something is bad.

    Example: jobmeter doctor
    """
    found = _examine_settings()
    if not any(one.grade is Grade.BAD for one in found):
        try:
            with open_database(data, database_url, must_exist=True) as url:
                found += asyncio.run(_examine_database(url, Settings.from_environment()))
        except (DatabaseUnusable, CommandFailed) as error:
            found.append(
                _find_bad("database", error, remedy="set --data or JOBMETER_DATABASE_URL, and start it")
            )
    if json:
        print_json({"findings": [asdict(one) for one in found]})
    else:
        _print(found)
    if any(one.grade is Grade.BAD for one in found):
        sys.exit(1)


def _examine_settings() -> list[Finding]:
    try:
        settings = Settings.from_environment()
        check_settings(settings)
    except ValueError as error:
        return [_find_bad("settings", error, remedy="correct it: a server does not start with it")]
    return examine_settings(settings, find_misspelt())


def _find_bad(subject: str, error: Exception, *, remedy: str) -> Finding:
    return Finding(subject=subject, grade=Grade.BAD, text=str(error), remedy=remedy)


async def _examine_database(url: str, settings: Settings) -> list[Finding]:
    facts, now = store.read_facts(url), read_machine_clock()
    newest, _ = list_migrations()[-1]
    found = examine_database(facts, now=now, newest_migration=newest)
    if facts.last_migration != newest:
        return found  # what the others read may not exist
    found += examine_health(await _read_health(url, settings), settings, now=now)
    if settings.replica_url:
        seconds_max = settings.replica_stale_seconds_max
        found.append(
            examine_replica(
                problem=await _find_problem(url, settings.replica_url, seconds_max), seconds_max=seconds_max
            )
        )
    return found


async def _find_problem(url: str, replica_url: str, seconds_max: int) -> str:
    """What is wrong with the replica; empty if nothing is."""
    async with AsyncExitStack() as opened:
        primary = await opened.enter_async_context(await _connect(url))
        try:
            replica = await opened.enter_async_context(await _connect(replica_url))
            if await is_following(primary, replica, seconds_max=seconds_max):
                return ""
        except psycopg.Error as error:
            return describe_outage(error)
    return f"is more than {seconds_max} s behind, or a copy of another database"


async def _connect(url: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)


async def _read_health(url: str, settings: Settings) -> Health:
    async with await _connect(url) as connection:
        return await read_health(
            connection, final_after_days=settings.final_after_days, now=read_machine_clock()
        )


def _print(found: list[Finding]) -> None:
    console = Terminal()
    for one in found:
        remedy = f" -- {one.remedy}" if one.remedy else ""
        console.print_line(f"{one.grade:<8} {one.subject}: {one.text}{remedy}", style=STYLES[one.grade])
