"""The commands for hiring contracts, against a served sandbox, as an operator types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.server_process import start_sandbox_server


def run(told: dict, *words: str) -> dict:
    keys = {"JOBMETER_BASE_URL": told["base_url"], "JOBMETER_OPERATOR_KEY": told["operator_key"]}
    command = [sys.executable, "-m", "jobmeter", "hiring-contract", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | keys, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_contract_is_created_granted_topped_up_adjusted_and_ended(
    database_url: str, tmp_path: Path
) -> None:
    with start_sandbox_server(database_url, tmp_path) as told:
        poster = ("--default-poster-email", "jobs@harbour.example")
        term = ("--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2099-01-01T00:00:00Z")
        made = run(
            told,
            "create",
            "--kind",
            "SLOTS",
            "--owner",
            "Harbour",
            "--currency",
            "EUR",
            "--units",
            "3",
            *term,
            *poster,
        )
        contract = str(made["id"])
        run(told, "grant", contract, told["parent"]["client_id"])
        run(told, "top-up", contract, "4", "order 1")
        run(told, "top-up", contract, "4", "order 1")
        run(told, "adjust", contract, "-2", "goodwill taken back")
        assert run(told, "show", contract)["unused"] == 5
        ended = run(told, "end", contract)
        assert ended["endsAt"] < "2099"
