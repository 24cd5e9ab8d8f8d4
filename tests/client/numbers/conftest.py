"""Owns a server in a process of its own, with figures, and a configuration of its two applications. Does not own any expectation."""

import httpx2
import pytest

from jobmeter.cli.main import main
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import SandboxClient, make_event
from tests.support.server_process import start_sandbox_server

CONFIGURATION = """
to = "sqlite:{folder}/numbers.db"

[services.board]
url = "{base_url}"

[applications.harbour]
client_id = "{client_id}"
client_secret_env = "HARBOUR_SECRET"

[applications.agency]
kind = "partner"
client_id_env = "AGENCY_ID"
client_secret_file = "agency-secret"
contracts = [{contract}]
"""


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox with two jobs, of which one has three clicks on each of two days; its clock is on the third."""
    made = make_database(cluster_url, TEMPLATE)
    folder = tmp_path_factory.mktemp("site")
    with (
        start_sandbox_server(next(made), folder) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as http,
    ):
        sandbox = SandboxClient(http, credentials)
        jobs = [sandbox.post_job("[red]one[/red]", title="Pilot [/b]"), sandbox.post_job("two")]
        for number in range(2):
            events = [
                make_event(jobs[0], f"{number}-{n}", sandbox.now_ms + n, type="applyClick") for n in range(3)
            ]
            sandbox.send([*events, make_event(jobs[1], f"{number}-view", sandbox.now_ms)])
            sandbox.advance_to_midnight()
        yield sandbox, folder / "credentials.json"
    made.close()


@pytest.fixture
def configured(site, tmp_path, monkeypatch):
    """A configuration of the sandbox's two applications; returns its options."""
    sandbox, _ = site
    keys = sandbox.credentials
    configuration = CONFIGURATION.format(
        folder=tmp_path,
        base_url=keys["base_url"],
        client_id=keys["child"]["client_id"],
        contract=keys["partner_contract_id"],
    )
    (tmp_path / "pull.toml").write_text(configuration)
    (tmp_path / "agency-secret").write_text(keys["parent"]["client_secret"] + "\n")
    monkeypatch.setenv("HARBOUR_SECRET", keys["child"]["client_secret"])
    monkeypatch.setenv("AGENCY_ID", keys["parent"]["client_id"])
    return "--config", tmp_path / "pull.toml", "--today", sandbox.now.date()


def run(capsys, *words, code=0):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    printed = capsys.readouterr()
    assert (ended.value.code or 0) == code, printed.err
    return printed
