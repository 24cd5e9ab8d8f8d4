"""The floor of `make coverage` counts the processes of a server too: most requests of a real client are served there."""

import inspect
import os
from pathlib import Path

import httpx2
from coverage import Coverage

from jobmeter.charging.charge import flow
from tests.support.sandbox_client import SandboxClient
from tests.support.server_process import start_sandbox_server
from tests.tidy.source import ROOT

CONFIGURATION = ROOT / "pyproject.toml"


def test_what_only_a_worker_of_a_server_runs_is_counted(database_url: str, tmp_path: Path) -> None:
    # given a server that is measured as the whole run is, into a folder of its own
    folder = tmp_path / "measured"
    folder.mkdir()
    coverage = Coverage(data_file=os.fspath(folder / "data"), config_file=os.fspath(CONFIGURATION))
    measured = {
        "COVERAGE_PROCESS_CONFIG": coverage.config.serialize(),
        "COVERAGE_FILE": os.fspath(folder / "data"),
    }

    # when its worker charges a click, and the server is stopped
    with (
        start_sandbox_server(database_url, tmp_path, **measured) as told,
        httpx2.Client(base_url=told["base_url"]) as client,
    ):
        board = SandboxClient(client, told)
        assert board.send_clicks(board.post_job("measured"), 1)["accepted"] == 1

    # then the lines of the charge are counted
    coverage.combine([os.fspath(folder)])
    lines, first = inspect.getsourcelines(flow.charge)
    body = set(range(first + 1, first + len(lines)))
    assert body & set(coverage.get_data().lines(flow.__file__) or ())
