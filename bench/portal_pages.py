"""Owns the figures of the portal's pages: the overview and the job list of a partner with 100,000 jobs, as a browser loads them.

The plan of each statement is the one for any values, as after a server's first minutes.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

import httpx2
import numpy as np
import psycopg

from bench.live_jobs import post_live_jobs
from bench.machine import Machine
from bench.measurement import Measured, Sizes
from bench.requests import make_get, send_all
from bench.serving import serve
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.database.statements import load_statements
from jobmeter.job_lists import flow as job_lists
from jobmeter.job_lists.model import ListPosition
from jobmeter.people.accounts import flow as accounts
from jobmeter.people.model import Grant, Origin, Role
from jobmeter.people.sessions import flow as sessions
from jobmeter.portal.frame import cookies

SQL = load_statements("bench", "portal_pages.sql")

CUSTOMERS = 20
EMAIL = "manager@bench.example"
PAGES = 40
ROWS = 1_000
GENERIC = "plan_cache_mode=force_generic_plan"
QUESTIONS = {
    "": "jobs?order=spent",
    "_last": "jobs?order=spent&before=end",
    "_filtered": "jobs?order=spent&state=closed",
    "_searched": "jobs?order=title&q=nachtschicht",
    "_overview": "",
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
        _check_pages(server.port, questions.values(), token)
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


def _make_headers(token: str) -> dict[str, str]:
    return {"Cookie": f"{cookies.PREFIX}{cookies.SESSION}={token}", "Accept": "text/html"}


def _make_path(query: str) -> str:
    return f"/portal/partner/{query}".rstrip("/")


def _make_get(query: str, token: str) -> bytes:
    return make_get(_make_path(query), _make_headers(token))


def _check_pages(port: int, queries: Iterable[str], token: str) -> None:
    """Raises ``RuntimeError`` unless each page is shown: a redirect to the log-in would be fast."""
    for query in queries:
        answer = httpx2.get(f"http://127.0.0.1:{port}{_make_path(query)}", headers=_make_headers(token))
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(f"{query}: {answer.status_code}")


def _find_middle(machine: Machine, jobs: int) -> str:
    with psycopg.connect(machine.url) as connection:
        row = connection.execute(SQL["find_middle"], {"row": jobs // 2}).fetchone()
    assert row is not None, "there are jobs"
    return ListPosition(job_id=row[1], number=row[0]).to_text()


def _prepare(machine: Machine, jobs: int, now: datetime) -> str:
    """Returns the session of a manager of all jobs, whose copies and figures are those of the worker."""
    live = post_live_jobs(machine.url, jobs=jobs, customers=min(CUSTOMERS, jobs), now=now)
    with psycopg.connect(machine.url, autocommit=True) as connection:
        connection.execute(SQL["vary_jobs"])
        connection.execute(SQL["spend_budgets"])
        asyncio.run(_copy_jobs(machine.url))
        connection.execute(SQL["analyze_lists"])
    return asyncio.run(_log_in(machine.url, live.parent.application.id))


async def _log_in(url: str, partner_id: int) -> str:
    grant, now = Grant(role=Role.PARTNER_MANAGER, partner_id=partner_id), read_machine_clock()
    async with Database.opened(url, connections_max=1) as database, database.transaction() as connection:
        await accounts.invite(connection, grant, email=EMAIL, now=now)
        person = await accounts.open_person(connection, email=EMAIL, now=now)
        session = await sessions.begin_session(connection, person, Origin(device="", network=""), now=now)
    return session.token


async def _copy_jobs(url: str) -> None:
    async with Database.opened(url, connections_max=1) as database:
        copied = ROWS
        while copied:
            async with database.transaction() as connection:
                copied = await job_lists.copy_changes(connection, rows_max=ROWS)
