"""`make coverage` also measures the processes of a server, which serve most requests of real clients."""

import inspect
import os
from pathlib import Path

import httpx2
import pytest
from coverage import Coverage

from jobmeter.charging.charge import flow
from tests.support.sandbox_client import SandboxClient
from tests.support.server_process import WHOLE, start_sandbox_server
from tests.tidy.source import ROOT

CONFIGURATION = ROOT / "pyproject.toml"


@pytest.mark.long
def test_lines_that_only_a_server_s_worker_runs_are_measured(database_url: str, tmp_path: Path) -> None:
    # given a server that is measured like the whole run, into a separate folder
    folder = tmp_path / "measured"
    folder.mkdir()
    coverage = Coverage(data_file=os.fspath(folder / "data"), config_file=os.fspath(CONFIGURATION))
    measured = {
        "COVERAGE_PROCESS_CONFIG": coverage.config.serialize(),
        "COVERAGE_FILE": os.fspath(folder / "data"),
    }

    # when its worker charges a click, and the server is stopped
    with (
        start_sandbox_server(database_url, tmp_path, program=WHOLE, **measured) as credentials,
        httpx2.Client(base_url=credentials["base_url"]) as client,
    ):
        sandbox_client = SandboxClient(client, credentials)
        assert sandbox_client.send_clicks(sandbox_client.post_job("measured"), 1)["accepted"] == 1

    # then the lines of the charge are measured
    coverage.combine([os.fspath(folder)])
    lines, first = inspect.getsourcelines(flow.charge)
    body = set(range(first + 1, first + len(lines)))
    assert body & set(coverage.get_data().lines(flow.__file__) or ())
