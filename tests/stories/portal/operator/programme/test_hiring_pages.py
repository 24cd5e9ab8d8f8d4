"""The operator's pages of slots and credits: open, grant, top up, adjust, price with a preview, end."""

import re
from datetime import timedelta

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.operator.programme.test_settlement_pages import ask, list_cells
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import bearer, open_sandbox_client
from tests.support.xml_partner import POSTER, XmlPartner

HIRING = "/portal/operator/hiring"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def browsers(sandbox_client, database_url):
    grants = list_grants(sandbox_client.credentials)
    return {
        role: open_browser(sandbox_client, log_in(database_url, grants[role], email=f"{role}@board.example"))
        for role in (Role.OPERATOR, Role.OPERATOR_READER)
    }


def find_application(sandbox_client):
    return sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1]


def make_form(sandbox_client, **changed):
    today = sandbox_client.now.date()
    return {
        "kind": "SLOTS",
        "owner": "Hafenkontor <b>",
        "currency": "EUR",
        "units": "3",
        "price": "200.00",
        "run_days": "30",
        "email": "jobs@hafenkontor.example",
        "seats": "ida@hafenkontor.example\nbo@hafenkontor.example",
        "starts": today.isoformat(),
        "ends": (today + timedelta(days=90)).isoformat(),
    } | changed


def test_a_wrong_contract_is_explained_at_its_fields(browsers, sandbox_client):
    for wrong, where in (
        ({"kind": "SEATS"}, "kind"),
        ({"owner": ""}, "owner"),
        ({"kind": "CREDITS"}, "application"),
        ({"application": "77"}, "application"),
        ({"application": "nobody"}, "application"),
        ({"is_postpaid": "yes"}, "units"),
        ({"currency": "XXX"}, "currency"),
        ({"units": "-1"}, "units"),
        ({"price": "-1"}, "price"),
        ({"run_days": "400"}, "run_days"),
        ({"email": ""}, "email"),
        ({"seats": "ida"}, "seats"),
        ({"ends": sandbox_client.now.date().isoformat()}, "ends"),
        ({"number": "0"}, "number"),
    ):
        page = browsers[Role.OPERATOR].post(HIRING, make_form(sandbox_client, **wrong))
        assert (page.status_code, f'href="#{where}"' in page.text) == (422, True), wrong
    assert browsers[Role.OPERATOR].get(f"{HIRING}/new").status_code == 200
    assert browsers[Role.OPERATOR_READER].get(f"{HIRING}/new").status_code == 403


def test_slots_are_opened_granted_counted_and_ended(browsers, sandbox_client):
    operator, reader = browsers[Role.OPERATOR], browsers[Role.OPERATOR_READER]
    opened = operator.post(HIRING, make_form(sandbox_client))
    path, _, done = opened.headers["location"].partition("?")
    assert (opened.status_code, done) == (303, "done=hiring")
    number, application = path.rsplit("/", 1)[-1], find_application(sandbox_client)
    row = next(row for row in list_cells(reader.get(HIRING).text, "Slots and credits") if number in row[0])
    assert row[0] == f"Hafenkontor <b> {number}"
    assert row[1:4] == ["Slots of a client", "in force", "3"]
    assert f"\r\n{number},SLOTS,Hafenkontor <b>," in reader.get(f"{HIRING}.csv").text

    granted = operator.post(f"{path}/grant", {"application": application, "with_secret": "yes"})
    assert (granted.status_code, granted.text.count("The secret is shown once.")) == (200, 1)
    assert (
        operator.post(f"{path}/grant", {"application": application}).headers["location"]
        == f"{path}?done=grant"
    )
    assert operator.post(f"{path}/grant", {"application": "77"}).status_code == 422
    assert "Revoke" in operator.get(path).text
    assert "Revoke" not in reader.get(path).text

    top_up = {"kind": "top-up", "units": "2", "reference": "PO-1"}
    assert operator.post(f"{path}/units", top_up).headers["location"] == f"{path}?done=units"
    assert operator.post(f"{path}/units", top_up).headers["location"] == f"{path}?done=top-up-again"
    fewer = {"kind": "adjustment", "units": "-4", "reference": "fewer"}
    assert operator.post(f"{path}/units", fewer).headers["location"] == f"{path}?done=units"
    for wrong, where in (
        ({"kind": "adjustment", "units": "-4", "reference": "again"}, "units"),
        ({"kind": "adjustment", "units": "0", "reference": "none"}, "units"),
        ({"kind": "top-up", "units": "-1", "reference": "below"}, "units"),
        ({"kind": "adjustment", "units": "1", "reference": ""}, "reference"),
        ({"kind": "adjustment", "units": "1", "reference": "fewer"}, "reference"),
    ):
        page = operator.post(f"{path}/units", wrong)
        assert (page.status_code, f'href="#{where}"' in page.text) == (422, True), wrong
    assert ask(sandbox_client, f"hiringContracts/{number}")["unused"] == 1
    assert operator.post(f"{path}/revoke", {"application": application}).status_code == 303
    assert operator.post(f"{path}/revoke", {"application": "77"}).status_code == 404
    assert ask(sandbox_client, f"hiringContracts/{number}")["grants"] == []

    page = operator.get(f"{path}/end").text
    assert "Jobs that run continue" in page
    assert operator.post(f"{path}/end").headers["location"] == f"{path}?done=hiring-ended"
    assert ">over<" in re.sub(r"<svg.*?</svg>", "", reader.get(path).text, flags=re.DOTALL)
    acts = ask(sandbox_client, f"audit?action=hiringContract&subject={number}")["elements"]
    done = [act["action"].partition(".")[2] for act in acts]
    assert done == ["end", "revoke", "adjust", "topUp", "grant", "open"]
    assert {act["who"]["name"] for act in acts} == {"operator@board.example"}


def test_a_price_of_credits_shows_what_it_would_mean_before_it_is_saved(browsers, sandbox_client):
    operator, partner = browsers[Role.OPERATOR], XmlPartner(sandbox_client)
    for name in ("one", "two"):
        assert partner.post(name, partner.credits, poster=POSTER).status_code == 201
    path, today = f"{HIRING}/{partner.credits}/price", sandbox_client.now.date()
    tomorrow = today + timedelta(days=1)
    before = ask(sandbox_client, f"hiringContracts/{partner.credits}")["price"]
    page = operator.get(f"{path}?price=150.00&from={tomorrow}").text
    assert f"Credits used: 2. They cost {2 * float(before):.2f}, and would have cost 300.00 USD." in page
    found = ask(
        sandbox_client,
        f"hiringContracts/{partner.credits}/prices/preview?price=150.00&validFrom={tomorrow}T00:00:00Z",
    )
    assert (found["present"], found["uses"], found["wouldHavePaid"]) == (before, 2, "300.00")
    headers = bearer(sandbox_client.credentials["operator_key"])
    for wrong in ("price=-1.00", "price=1.00&validFrom=soon", f"price=1.00&validFrom={today}T00:00:00Z", ""):
        asked = f"/operator/hiringContracts/{partner.credits}/prices/preview?{wrong}"
        assert sandbox_client.client.get(asked, headers=headers).status_code in {400, 422}, wrong
    used = operator.get(f"{path}?price=150.00&from={today}")
    assert (used.status_code, "choose a later day" in used.text) == (422, True)
    late = operator.post(path, {"price": "150.00", "from": today.isoformat()})
    assert (late.status_code, "choose a later day" in late.text) == (422, True)
    assert operator.get(f"{path}?price=x&from=soon").text.count('<li><a href="#') == 2
    assert operator.post(path, {"price": "x", "from": ""}).status_code == 422
    saved = operator.post(path, {"price": "150.00", "from": tomorrow.isoformat()})
    assert saved.headers["location"].endswith("?done=hiring-price")
    prices = list_cells(operator.get(saved.headers["location"]).text, "Prices of a posting or renewal")
    assert prices[-1][1:] == ["to come", "150.00"]
    assert (
        browsers[Role.OPERATOR_READER].post(path, {"price": "1.00", "from": tomorrow.isoformat()}).status_code
        == 403
    )


def test_what_does_not_exist_is_not_found(browsers):
    for number in (77, "9" * 30):
        for rest in ("", "/price", "/end"):
            assert browsers[Role.OPERATOR].get(f"{HIRING}/{number}{rest}").status_code == 404
        assert browsers[Role.OPERATOR].post(f"{HIRING}/{number}/end").status_code == 404
