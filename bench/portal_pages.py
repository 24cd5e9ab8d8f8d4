"""Owns the figures of the portal's pages: the job list of a partner with 100,000 jobs, as its endpoint returns it.

Does not own the pages that show it. The plan of each statement is the one for any values, as after a server's first minutes.
"""

import asyncio
from datetime import datetime
from urllib.parse import quote

import numpy as np
import psycopg

from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.reports import issue_token
from bench.requests import make_get, send_all
from bench.serving import serve
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import ListPosition

SQL = load_statements("bench", "portal_pages.sql")

CUSTOMERS = 20
PAGES = 40
ROWS = 1_000
GENERIC = "plan_cache_mode=force_generic_plan"
QUESTIONS = {
    "": "jobs?order=spent",
    "_last": "jobs?order=spent&before=end",
    "_filtered": "jobs?order=spent&state=CLOSED",
    "_searched": "jobs?order=title&search=nachtschicht",
    "_overview": "overview",
}


def measure_portal_pages(machine: Machine, sizes: Sizes, now: datetime) -> dict[str, Measured]:
    """Measures each kind of page after a warm-up round; ``_worst`` is the slowest single page of all kinds."""
    token = _prepare(machine, sizes.jobs, now)
    joint = "&" if "?" in machine.url else "?"
    generic = f"{machine.url}{joint}options={quote(f'-c {GENERIC}')}"
    settings = Settings(database_url=generic, rate_limits=f"partner={10**9}", chores=False)
    waits: dict[str, list[list[float]]] = {}
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        questions = QUESTIONS | {"_middle": f"jobs?order=spent&after={_find_middle(machine, sizes.jobs)}"}
        for _ in range(sizes.runs + 1):
            for name, query in questions.items():
                request = _make_get(query, token)
                waits.setdefault(name, []).append(list(send_all(server.port, [[request] * PAGES]).waits_ms))
    note = f"{sizes.jobs:,} jobs of {min(CUSTOMERS, sizes.jobs)} applications"
    measured = {
        f"portal_pages{name}": Measured(tuple(float(np.median(one)) for one in runs[1:]), (), note)
        for name, runs in waits.items()
    }
    worst = tuple(max(max(runs[number]) for runs in waits.values()) for number in range(1, sizes.runs + 1))
    return measured | {"portal_pages_worst": Measured(worst, (), note)}


def _make_get(query: str, token: str) -> bytes:
    return make_get(f"/partner/{query}", {"Authorization": f"Bearer {token}"})


def _find_middle(machine: Machine, jobs: int) -> str:
    with psycopg.connect(machine.url) as connection:
        row = connection.execute(SQL["find_middle"], {"row": jobs // 2}).fetchone()
    assert row is not None, "there are jobs"
    return ListPosition(job_id=row[1], number=row[0]).to_text()


def _prepare(machine: Machine, jobs: int, now: datetime) -> str:
    """Returns a token of the parent of all jobs, whose copies and figures are those of the worker."""
    live = post_live_jobs(machine.url, jobs=jobs, customers=min(CUSTOMERS, jobs), now=now)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["vary_jobs"])
        connection.execute(SQL["spend_budgets"])
        asyncio.run(_copy_jobs(machine.url))
        connection.execute(SQL["analyze_lists"])
    return asyncio.run(issue_token(machine.url, live.parent, now))


async def _copy_jobs(url: str) -> None:
    async with Database.opened(url, connections_max=1) as database:
        copied = ROWS
        while copied:
            async with database.transaction() as connection:
                copied = await job_lists.copy_changes(connection, rows_max=ROWS)
