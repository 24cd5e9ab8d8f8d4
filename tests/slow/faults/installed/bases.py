"""Owns the data folders that rounds start from, each made once and copied for every round.

Does not own what happens to a copy.
"""

import asyncio
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from jobmeter.base.clock import from_ms, read_machine_clock
from jobmeter.base.days import month_after, month_of, start_of
from jobmeter.database.embedded import start_embedded
from jobmeter.database.pool import Database, upgrade_database
from jobmeter.sandbox import seed
from tests.upgrades.release import list_releases

CURRENT, RELEASED = "current", "released"
BEFORE_MONTH_END = timedelta(hours=6)  # so that a round's clock moves pass it, and the month is invoiced


@dataclass(frozen=True)
class Bases:
    """``folder`` has a data folder of the current schema, and one as the last release left it, which a start has to upgrade."""

    folder: Path

    def make(self) -> None:
        for name in (CURRENT, RELEASED):
            data = self.folder / name
            data.mkdir(parents=True)
            server = start_embedded(data)
            try:
                credentials = _fill(server.url) if name == CURRENT else _load_release(server.url)
            finally:
                server.stop()
            (data / "partner.json").write_text(json.dumps(credentials))

    def copy(self, name: str, data: Path) -> None:
        shutil.copytree(self.folder / name, data, dirs_exist_ok=True, copy_function=_copy_owned)
        for source in (self.folder / name).rglob("*"):
            _own(source, data / source.relative_to(self.folder / name))


def _copy_owned(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def _own(source: Path, target: Path) -> None:
    found = source.stat()
    shutil.chown(target, found.st_uid, found.st_gid)


def _fill(url: str) -> dict[str, Any]:
    """A partner, and a clock shortly before the end of a month."""
    asyncio.run(upgrade_database(url))
    keys, now = seed.make_keys(), read_machine_clock()
    credentials = asyncio.run(_make_partner(url, keys["secret_key"]))
    _set_clock(url, now)
    return credentials | keys


def _set_clock(url: str, moment: datetime) -> None:
    """Sets the clock to shortly before the next end of a month after ``moment``."""
    month_end = start_of(month_after(month_of(moment)))
    wanted = month_end - BEFORE_MONTH_END
    if wanted < moment:
        wanted = start_of(month_after(month_of(month_end))) - BEFORE_MONTH_END
    offset = wanted - read_machine_clock()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE sandbox_clock SET offset_ms = %s", [offset // timedelta(milliseconds=1)])


async def _make_partner(url: str, secret_key: str) -> dict[str, Any]:
    async with Database.opened(url, connections_max=2) as database:
        return await seed.make_partner(database, now=read_machine_clock(), secret_key=secret_key)


def _load_release(url: str) -> dict[str, Any]:
    release = list_releases()[-1]
    release.load(url)
    _set_clock(url, from_ms(release.now_ms))
    return release.credentials


def choose_base(rng: Random) -> str:
    """One round in six has to upgrade what the last release left."""
    return RELEASED if rng.random() < 1 / 6 else CURRENT
