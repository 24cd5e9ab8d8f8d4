"""The Singer tap into a target of others, and the dlt source into DuckDB: each in an environment of its own, installed by pip.

Their libraries are not in the environment of the tests, because they need other versions of some that are pinned.
"""

import csv
import json
import os
import subprocess
import sys

import pytest

from tests.support.missing_part import report_missing
from tests.support.paths import ROOT

PIP_SECONDS_MAX = 600
RUN_SECONDS_MAX = 300
DLT = """
import sys
from datetime import date
import dlt
from jobmeter.pull.dlt_source import jobmeter_source

config, today, file = sys.argv[1:]
pipeline = dlt.pipeline("numbers", destination=dlt.destinations.duckdb(file), dataset_name="figures")
for _ in range(2):
    pipeline.run(jobmeter_source(config, today=date.fromisoformat(today)))
with pipeline.sql_client() as client:
    print(client.execute_sql("SELECT count(*), sum(apply_clicks), sum(charge_micros) FROM job_days")[0])
"""


def make_environment(folder, *requirements):
    """Returns the programs of an environment in which pip has installed this checkout's wheel with an extra."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = (folder / "dist").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    wanted = [requirement.format(wheel=wheel) for requirement in requirements]
    pip = [
        folder / "venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(
        [*pip, *wanted], capture_output=True, text=True, check=False, timeout=PIP_SECONDS_MAX
    )
    if done.returncode != 0:
        report_missing(f"an index of packages that pip can reach ({done.stderr.splitlines()[-1]})")
    return folder / "venv" / "bin"


def run_in(folder, *words, **more):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = clean | {
        "HOME": str(folder),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DLT_DATA_DIR": str(folder),
    }
    return subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environment,
        check=True,
        timeout=RUN_SECONDS_MAX,
        stdout=subprocess.PIPE,
        **more,
    )


@pytest.mark.slow
def test_a_singer_target_of_others_stores_what_the_tap_reads_and_the_tap_continues(
    configured, site, tmp_path
):
    programs = make_environment(tmp_path, "{wheel}[singer]", "meltanolabs-target-csv")
    today = str(site[0].now.date())
    (tmp_path / "tap.json").write_text(json.dumps({"config": str(tmp_path / "pull.toml"), "today": today}))
    (tmp_path / "target.json").write_text(json.dumps({"output_path": str(tmp_path / "csv")}))
    tap = (programs / "jobmeter-tap", "--config", tmp_path / "tap.json")
    messages = run_in(tmp_path, *tap).stdout
    run_in(tmp_path, programs / "target-csv", "--config", tmp_path / "target.json", input=messages)
    (path,) = (tmp_path / "csv").glob("job_days*.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["charge_micros"] or 0) for row in rows) == 9_000_000
    assert sum(int(row["apply_clicks"]) for row in rows) == 6

    states = [json.loads(line) for line in messages.splitlines() if b'"STATE"' in line]
    (tmp_path / "state.json").write_text(json.dumps(states[-1]["value"]))
    again = run_in(tmp_path, *tap, "--state", tmp_path / "state.json").stdout
    records = [json.loads(line) for line in again.splitlines() if b'"RECORD"' in line]
    assert [one for one in records if one["stream"] == "charges"] == []
    assert len([one for one in records if one["stream"] == "job_days"]) == len(rows)  # not final yet


@pytest.mark.slow
def test_a_pipeline_of_dlt_has_the_figures_once_however_often_it_runs(configured, site, tmp_path):
    programs = make_environment(tmp_path, "{wheel}[dlt]", "dlt[duckdb]")
    today = str(site[0].now.date())
    done = run_in(
        tmp_path, programs / "python", "-c", DLT, tmp_path / "pull.toml", today, tmp_path / "numbers.duckdb"
    )
    assert b"(4, 6, 9000000" in done.stdout
