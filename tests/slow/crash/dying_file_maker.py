"""Owns a process that makes the files of documents and is killed at one of its steps: a statement, a commit, or a change
of the folder of documents.

Does not own any expectation.
"""

import os
import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jobmeter.billing.files import flow as files
from jobmeter.database.connection import Connection
from jobmeter.database.pool import Database
from tests.support.scenario import SETTINGS

# What Python reports before it changes a folder; the first argument is the path.
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove"}


class Steps:
    """Counts the steps that are left; at the last one the process is killed."""

    def __init__(self, left: int) -> None:
        self._left = left

    def reach(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def watch(self, folder: Path) -> None:
        """Counts each change of the folder, whichever thread makes it."""

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in CHANGES and str(arguments[0]).startswith(str(folder)):
                self.reach()

        sys.addaudithook(hook)


class WatchedConnection:
    """Counts each statement."""

    def __init__(self, connection: Connection, steps: Steps) -> None:
        self._connection = connection
        self._steps = steps

    def cursor(self, *values: Any, **options: Any) -> Any:
        self._steps.reach()
        return self._connection.cursor(*values, **options)

    async def execute(self, *values: Any, **options: Any) -> Any:
        self._steps.reach()
        return await self._connection.execute(*values, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def make_files(database_url: str, folder: str, die_at: int, now: datetime) -> None:
    """One transaction of the chore, as a server that keeps files in a folder runs it."""
    steps = Steps(die_at)
    steps.watch(Path(folder))
    settings = replace(SETTINGS, document_folder=folder)
    async with Database.opened(database_url, connections_max=1) as database:
        async with database.transaction() as connection:
            watched: Any = WatchedConnection(connection, steps)
            # Patient: the database may not have noticed yet that the process before is gone.
            await files.make_due_files(watched, settings=settings, rows_max=20, now=now, is_patient=True)
            steps.reach()
        steps.reach()
