"""``jobmeter pull`` as a person runs them, on a server in a process of its own."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from jobmeter.base.days import one_year_before
from tests.client.light_install import link_environment, run_light
from tests.client.numbers.conftest import run
from tests.client.numbers.places import read_rows


def test_a_pull_prints_what_it_would_do_does_it_and_says_what_it_did(configured, tmp_path, capsys):
    today = configured[-1]
    days = 2 * (today - one_year_before(today)).days  # of reports, and of clicks that were not charged
    printed = run(capsys, "pull", *configured, "--dry-run").out
    assert re.search(rf"harbour .* {days} ", printed)
    assert not (tmp_path / "numbers.db").exists()
    printed = run(capsys, "pull", *configured)
    assert re.search(rf"harbour +{days} +\d+ +complete", printed.out)
    assert re.search(r"agency +0 +\d+ +complete", printed.out)
    assert printed.err == ""  # a progress bar is for terminals
    assert max(map(len, printed.out.splitlines())) <= 60
    rows = read_rows(f"sqlite:{tmp_path}/numbers.db", "job_days")
    assert sum(row["charge_micros"] for row in rows) == 9_000_000
    shown = json.loads(run(capsys, "pull", *configured, "--json", "--only", "harbour").out)
    assert [(one["application"], one["days"], one["error"]) for one in shown["applications"]] == [
        ("harbour", 4, "")
    ]
    run(capsys, "pull", *configured, "--again", "--to", f"csv:{tmp_path}/csv")
    assert len(read_rows(f"csv:{tmp_path}/csv", "job_days")) == len(rows)


def test_an_application_that_fails_is_named_and_the_others_are_pulled(
    configured, tmp_path, capsys, monkeypatch
):
    monkeypatch.delenv("HARBOUR_SECRET")
    printed = run(capsys, "pull", *configured, code=4)
    assert "jobmeter: harbour: the environment variable HARBOUR_SECRET" in printed.err
    assert re.search(r"agency .*complete", printed.out)
    (tmp_path / "agency-secret").write_text("wrong")
    printed = run(capsys, "pull", *configured, "--only", "agency", code=4)
    assert "wrong" not in printed.err


def test_another_pull_into_the_same_folder_is_tried_again_later(configured, tmp_path, capsys):
    (tmp_path / "csv").mkdir()
    with closing(sqlite3.connect(tmp_path / "csv" / ".lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        printed = run(capsys, "pull", *configured, "--to", f"csv:{tmp_path}/csv", code=75)
    assert "another pull" in printed.err


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("client_secret_env", "client_secret"), "the secret of harbour is in the file itself"),
        (('kind = "partner"', 'kind = "reseller"'), "reseller"),
        (("contracts =", "contract ="), "contract"),
        (("contracts = [", 'streams = ["job_days"]\ncontracts = ['), "not a stream of the partner agency"),
        (("[services.board]", "[services.other]"), ""),
        (('url = "http', 'url = "ftp'), "is not a URL"),
        (("[applications.harbour]", '[applications."../harbour"]'), "is not a name"),
        (("[applications.harbour]", "[applications.harbour"), "line"),
        (('client_id = "', 'client_id_env = "A"\nclient_id = "'), "either client_id or client_id_env"),
    ],
)
def test_a_fault_of_the_configuration_is_named(configured, tmp_path, capsys, changed, message):
    path = tmp_path / "pull.toml"
    path.write_text(path.read_text().replace(*changed, 1))
    if message:
        assert message in run(capsys, "pull", *configured, "--dry-run", code=1).err
    else:
        run(capsys, "pull", *configured, "--dry-run")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "nobody"), "'nobody' is not one of the applications: harbour, agency"),
        (("--to", "oracle:x"), "not a destination"),
        (("--to", "sqlite:/nowhere/at/all/x.db"), "there is no folder"),
    ],
)
def test_what_cannot_be_pulled_is_named(configured, capsys, words, message):
    assert message in run(capsys, "pull", *configured, *words, code=1).err


def test_a_missing_configuration_is_named(capsys, tmp_path):
    assert "--config" in run(capsys, "pull", "--config", tmp_path / "none.toml", code=1).err


def test_a_destination_whose_library_is_missing_names_the_extra(configured, tmp_path, tmp_path_factory):
    light = link_environment(tmp_path_factory.mktemp("light"))
    words = ("-m", "jobmeter", "pull", *map(str, configured), "--only", "harbour", "--to")
    shown = run_light(light, *words, f"duckdb:{tmp_path}/x")
    assert shown.returncode == 3
    assert shown.stderr.endswith("which is not installed: pip install 'jobmeter[duckdb]'\n")
    shown = run_light(light, *words, f"jsonl:{tmp_path}/x")
    assert (shown.returncode, shown.stderr) == (0, "")
    shown = run_light(light, "-c", "from jobmeter.pull.tap import main; main()")
    assert (shown.returncode, shown.stderr) == (
        3,
        "jobmeter-tap: this needs singer_sdk, which is not installed: pip install 'jobmeter[singer]'\n",
    )
