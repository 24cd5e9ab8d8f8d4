"""A partner's people on a page: managers invite, change and remove them, readers look; each act is in the partner's audit log."""

import re

import pytest

from jobmeter.people.model import Grant, Role
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import add_partner, bearer

PEOPLE = "/portal/partner/people"
EMAIL = "ida@hafenkontor.example"


@pytest.fixture
def manager(sandbox_client, database_url):
    grant = list_grants(sandbox_client.credentials)[Role.PARTNER_MANAGER]
    return open_browser(sandbox_client, log_in(database_url, grant, email="boss@hafenkontor.example"))


def find_id(browser, email):
    return re.search(rf'id="person-(\d+)"><div><b dir="auto">{re.escape(email)}<', browser.get(PEOPLE).text)[
        1
    ]


def test_a_manager_invites_changes_and_removes_people(sandbox_client, manager):
    invited = manager.post(PEOPLE, {"email": EMAIL.upper(), "role": "PARTNER_READER"})
    assert invited.headers["location"] == f"{PEOPLE}?done=invited"
    assert "The person is invited" in manager.get(f"{PEOPLE}?done=invited").text
    again = manager.post(PEOPLE, {"email": EMAIL, "role": "PARTNER_READER"})
    assert again.headers["location"] == f"{PEOPLE}?done=known"
    other = manager.post(PEOPLE, {"email": EMAIL, "role": "PARTNER_MANAGER"})
    assert (other.status_code, "another role already" in other.text) == (422, True)
    number = find_id(manager, EMAIL)
    changed = manager.post(f"{PEOPLE}/role", {"person": number, "role": "PARTNER_MANAGER"})
    assert changed.headers["location"] == f"{PEOPLE}?done=person"
    removed = manager.post(f"{PEOPLE}/remove", {"person": number})
    assert removed.headers["location"] == f"{PEOPLE}?done=person-removed"
    assert EMAIL not in manager.get(PEOPLE).text
    log = sandbox_client.client.get("/partner/audit", headers=bearer(sandbox_client.token("parent"))).json()[
        "elements"
    ]
    acts = [(act["action"], act["who"]["kind"], act["who"]["name"]) for act in log]
    who = ("PERSON", "boss@hafenkontor.example")
    assert sorted(acts) == sorted((f"role.{act}", *who) for act in ("give", "change", "remove"))


def test_the_last_manager_stays_and_wrong_input_is_shown_at_its_field(manager):
    own = find_id(manager, "boss@hafenkontor.example")
    for path, form in (("remove", {}), ("role", {"role": "PARTNER_READER"})):
        refused = manager.post(f"{PEOPLE}/{path}", {"person": own} | form)
        assert (refused.status_code, "This is the last manager" in refused.text) == (422, True)
        assert f'href="#person-{own}"' in refused.text
    wrong = manager.post(PEOPLE, {"email": "<b>", "role": "PARTNER_READER"})
    assert (wrong.status_code, 'value="&lt;b&gt;"' in wrong.text) == (422, True)
    assert manager.post(PEOPLE, {"email": EMAIL, "role": "OPERATOR"}).status_code == 400


def test_people_of_others_do_not_exist_and_a_reader_changes_nothing(sandbox_client, database_url, manager):
    other = add_partner(sandbox_client, database_url)
    foreign = int(other.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    grant = Grant(role=Role.PARTNER_MANAGER, partner_id=foreign)
    stranger = open_browser(sandbox_client, log_in(database_url, grant, email="stranger@a.example"))
    number = find_id(stranger, "stranger@a.example")
    for wanted in (number, "999999", "x", ""):
        for path, form in (("remove", {}), ("role", {"role": "PARTNER_READER"})):
            assert manager.post(f"{PEOPLE}/{path}", {"person": wanted} | form).status_code == 404
    reads = Grant(role=Role.PARTNER_READER, partner_id=foreign)
    reader = open_browser(sandbox_client, log_in(database_url, reads, email="reader@a.example"))
    page = reader.get(PEOPLE).text
    assert "stranger@a.example" in page
    assert "boss@" not in page
    assert f'action="{PEOPLE}' not in page
    assert reader.post(f"{PEOPLE}/remove", {"person": number}).status_code == 403
