"""Incident 2: during a deployment 77 seconds of acknowledged events were lost.

What was acknowledged is billable after ``kill -9`` of server and database, and a restart. tests/slow/crash
kills at many moments; this is the plain case.
"""

import asyncio
from pathlib import Path

import httpx2
import psycopg

from jobmeter.base.clock import read_machine_clock
from jobmeter.database.pool import Database
from jobmeter.sandbox import seed
from tests.slow.crash.installation import Installation
from tests.support.sandbox_client import SandboxClient


def make_partner_in(installation: Installation) -> dict:
    """Starts the database; returns the content of a credentials file."""
    return asyncio.run(make_partner(installation.start_database())) | installation.keys


async def make_partner(url: str) -> dict:
    async with Database.opened(url, connections_max=2) as database:
        return await seed.make_partner(database, now=read_machine_clock())


def test_what_was_acknowledged_is_billable_after_a_kill(tmp_path: Path) -> None:
    installation = Installation(tmp_path, seed.make_keys())
    try:
        credentials = make_partner_in(installation)
        installation.start_server()
        with httpx2.Client(base_url=installation.base_url, timeout=30) as client:
            sandbox_client = SandboxClient(client, credentials)
            job_id = sandbox_client.post_job("killed")
            acknowledged = sandbox_client.send_clicks(job_id, 12)["accepted"]

            installation.kill_server()
            installation.kill_database()
            url = installation.start_database()
            installation.start_server()

            with psycopg.connect(url) as connection:
                found = connection.execute(
                    "SELECT sum(clicks_charged), sum(charge_micros)::bigint FROM job_day_sums WHERE job_id = %s",
                    [job_id],
                ).fetchone()
            assert found == (acknowledged, acknowledged * seed.CLICK_PRICE_MICROS)
            assert acknowledged == 12
    finally:
        installation.stop()
