"""An operator's commands for hiring contracts, run against a sandbox server."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.server_process import find_program, start_sandbox_server


def run(credentials: dict, *words: str) -> dict:
    keys = {
        "JOBMETER_BASE_URL": credentials["base_url"],
        "JOBMETER_OPERATOR_KEY": credentials["operator_key"],
    }
    command = [*find_program(), "hiring-contracts", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | keys, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
def test_a_contract_is_created_granted_topped_up_adjusted_and_ended(
    database_url: str, tmp_path: Path
) -> None:
    with start_sandbox_server(database_url, tmp_path) as credentials:
        poster = ("--default-poster-email", "jobs@harbour.example")
        term = ("--starts-at", "2020-01-01T00:00:00Z", "--ends-at", "2099-01-01T00:00:00Z")
        made = run(
            credentials,
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
        run(credentials, "grant", contract, credentials["parent"]["client_id"])
        run(credentials, "top-up", contract, "4", "order 1")
        run(credentials, "top-up", contract, "4", "order 1")
        run(credentials, "adjust", contract, "-2", "goodwill withdrawn")
        assert run(credentials, "show", contract)["unused"] == 5
        ended = run(credentials, "end", contract)
        assert ended["endsAt"] < "2099"
