"""``kill -9`` of ``jobmeter pull`` five times at random: in the end it has stored exactly what the server's database has."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest

from bench.live_jobs import post_live_jobs
from bench.reports import SQL
from bench.serving import serve
from jobmeter.base.clock import read_machine_clock
from jobmeter.base.days import FINAL_AFTER_DAYS, one_year_before, start_of
from jobmeter.base.settings import Settings
from tests.client.numbers.places import make_address, read_stored

JOBS = 5_000
KILLS = 5
SECONDS = (2.0, 9.0)
PULL_SECONDS_MAX = 1_200

CONFIGURATION = """
[services.board]
url = "{url}"

[applications.customer]
client_id = "{client_id}"
client_secret_file = "secret"
"""


def prepare(database_url: str, folder: Path, now):
    """Stores a year of figures of many jobs of one customer; returns its application."""
    live = post_live_jobs(database_url, jobs=JOBS, customers=1, now=now)
    first, today = one_year_before(now.date()), now.date()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL["fill_days"], {"first": first, "last": today - timedelta(days=1), "every": 1})
        connection.execute(SQL["spend_days"])
        connection.execute(SQL["backdate_jobs"], {"created_at": start_of(first)})
        final = {"first": first, "last": today - timedelta(days=FINAL_AFTER_DAYS + 1), "settled_at": now}
        connection.execute(SQL["settle_days"], final)
        connection.execute(SQL["analyze_days"])
    (customer,) = live.customers
    (folder / "secret").write_text(customer.client_secret)
    return customer.application


def list_expected(database_url: str):
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT external_id, day, views, apply_clicks, charge_micros FROM job_day_sums JOIN job_postings USING (shard, job_id)"
        )
        return {(name, day.isoformat()): tuple(figures) for name, day, *figures in found}


def start_pull(folder: Path, address: str) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-m",
        "jobmeter",
        "pull",
        "--config",
        str(folder / "pull.toml"),
        "--to",
        address,
    ]
    return subprocess.Popen(command, env=os.environ | {"COLUMNS": "100"}, stdout=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "csv"])
def test_a_pull_that_is_killed_has_in_the_end_exactly_the_figures_of_the_server(kind, database_url, tmp_path):
    now, rng = read_machine_clock(), Random(kind)
    application = prepare(database_url, tmp_path, now)
    settings = Settings(database_url=database_url, chores=False)
    address = make_address(kind, tmp_path, database_url)
    with serve("jobmeter.app:create_app", settings.to_environment(), factory=True) as server:
        configuration = CONFIGURATION.format(
            url=f"http://127.0.0.1:{server.port}", client_id=application.client_id
        )
        (tmp_path / "pull.toml").write_text(configuration)
        for _ in range(KILLS):
            with start_pull(tmp_path, address) as pull:
                time.sleep(rng.uniform(*SECONDS))
                pull.send_signal(signal.SIGKILL)
            assert pull.returncode == -signal.SIGKILL
        with start_pull(tmp_path, address) as pull:
            printed, _ = pull.communicate(timeout=PULL_SECONDS_MAX)
        assert pull.returncode == 0, printed
    expected = list_expected(database_url)
    assert len(expected) == JOBS * (now.date() - one_year_before(now.date())).days
    assert read_stored(address, "customer") == expected
