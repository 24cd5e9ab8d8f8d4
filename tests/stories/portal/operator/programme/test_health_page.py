"""The operator sees how the server is: settings without secrets, queues, and when each chore ran last, or failed."""

import time
from dataclasses import fields

from jobmeter.base.settings import SECRET_SETTINGS, Settings
from jobmeter.people.model import Role
from jobmeter.worker.chores import CHORES
from tests.stories.portal.operator.programme.test_settlement_pages import ask, list_cells
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import PATIENCE_SECONDS

HEALTH = "/portal/operator/health"


def wait_for_chores(reader):
    """The page, once every chore ran: those that may wait run later, next to the server."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        page = reader.get(HEALTH).text
        chores = {row[0]: row[1:] for row in list_cells(page, "Chores")}
        if set(chores) == {chore.name for chore in CHORES}:
            return page, chores
        assert time.monotonic() < give_up_at, chores
        time.sleep(0.05)


def test_the_server_s_health_is_shown_without_secrets(sandbox_client, database_url):
    reader = open_browser(
        sandbox_client, log_in(database_url, list_grants(sandbox_client.credentials)[Role.OPERATOR_READER])
    )
    sandbox_client.post_job("job")
    sandbox_client.advance("2m")
    sandbox_client.advance("2m")  # what ran is stored when chores run next
    page, chores = wait_for_chores(reader)
    assert {row[0] for row in chores.values()} == {"done"}
    assert chores["list jobs"][2] != "never"
    assert chores["bill months"][2] == "never"
    assert ["Operations in progress", "0", ""] in list_cells(page, "Queues")
    settings = dict(list_cells(page, "Settings in force"))
    assert settings["JOBMETER_SANDBOX"] == "True"
    assert settings["JOBMETER_OPERATOR_KEY"] == "set, and secret"
    assert settings["JOBMETER_STRIPE_KEY"] == "not set"
    found = ask(sandbox_client, "health")
    assert found["database"]["lastMigration"] in page
    assert found["settings"]["JOBMETER_OPERATOR_KEY"] == "***"
    assert {one["name"] for one in found["chores"]} == set(chores)
    credentials = sandbox_client.credentials
    for secret in (credentials["operator_key"], credentials["secret_key"], credentials["events_key"]):
        assert secret not in page
        assert secret not in str(found)


def test_no_setting_with_a_secret_is_shown():
    """A setting whose name says so is secret; so are addresses that contain a password."""
    names = {one.name for one in fields(Settings)}
    assert names >= SECRET_SETTINGS >= {name for name in names if name.endswith(("_key", "_secret"))}
