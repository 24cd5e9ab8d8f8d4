"""Every refusal is a page of the frame for people, with a title, what was not done and one way on, and JSON for programs."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from jobmeter.base.faults import Fault, Refused
from jobmeter.portal.frame.refusals import explain
from jobmeter.portal.frame.site import PageRow
from jobmeter.portal.routes import make_page_routes
from tests.stories.portal.sessions import HTML

RAISED = {
    "not-found": (Fault.OPERATOR_UNKNOWN, {"what": "job", "key": 7}),
    "over": (Fault.JOB_GONE, {}),
    "wrong": (Fault.BODY_INVALID, {"lines": "title is missing"}),
    "many": (Fault.THROTTLED, {}),
    "away": (Fault.UNAVAILABLE, {"why": "does not respond"}),
    "busy": (Fault.OVERLOADED, {}),
    "conflict": (Fault.CAMPAIGN_OVER, {"campaign": 7, "status": "CLOSED"}),
}


async def refuse(visit):
    fault, parameters = RAISED[visit.context.path.rpartition("/")[2]]
    raise Refused(fault, **parameters)


async def fail(_):
    raise ValueError("the secret of a tenant")


@pytest.fixture
def client(sandbox_client):
    """A server on the same state whose pages are refused."""
    rows = [PageRow("GET", f"/portal/{name}", refuse, roles=None, summary="Is refused") for name in RAISED]
    rows.append(PageRow("GET", "/portal/broken", fail, roles=None, summary="Fails"))
    app = Starlette(routes=make_page_routes(rows))
    app.state.jobmeter = sandbox_client.client.app.state.jobmeter
    opened = TestClient(app, base_url="http://board.example")
    opened.portal = sandbox_client.client.portal
    return opened


@pytest.mark.parametrize("name", RAISED)
def test_a_refusal_is_a_page_of_its_own_status(client, name):
    fault, parameters = RAISED[name]
    page = client.get(f"/portal/{name}", headers=HTML)
    assert page.status_code == fault.row.status
    assert f"<h1>{explain(fault).title}</h1>" in page.text
    assert page.headers["x-li-request-id"] in page.text
    assert page.text.count('class="button first"') == 1
    is_foreign = fault.row.status == Fault.ROUTE_UNKNOWN.row.status
    message = Refused(fault, **parameters).message
    assert (message in page.text) == (not is_foreign and fault.row.status < 500)


@pytest.mark.parametrize("name", ["away", "busy"])
def test_the_page_of_an_outage_reloads_itself(client, name):
    page = client.get(f"/portal/{name}", headers=HTML)
    assert '<meta http-equiv="refresh" content="5">' in page.text
    assert page.headers["retry-after"] == "1"
    assert "refresh" not in client.get("/portal/over", headers=HTML).text


def test_an_error_of_the_server_reveals_nothing_and_is_found_in_the_log(client, caplog):
    page = client.get("/portal/broken", headers=HTML)
    assert page.status_code == 500
    assert "Something went wrong" in page.text
    assert "secret" not in page.text
    assert any(page.headers["x-li-request-id"] in record.getMessage() for record in caplog.records)


def test_programs_are_sent_json(client):
    answer = client.get("/portal/over", headers={"Accept": "application/json"})
    assert answer.json() == {"status": 410, "code": "JOB_OVER", "message": Fault.JOB_GONE.row.message}


def test_every_fault_is_explained():
    assert all(explain(fault).title and explain(fault).text for fault in Fault)
