"""The operator's pages of people: invited with each role, given another one, logged out, removed."""

import re
import time

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.operator.scene import OPERATOR, list_acts, number_of, open_as, press
from tests.stories.portal.sessions import log_in, open_browser
from tests.support.sandbox_client import PATIENCE_SECONDS, open_sandbox_client

PEOPLE = "/portal/operator/people"
PERSON = "lin@hafenkontor.example"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    """One for all tests here: each invites people of its own."""
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    with open_sandbox_client(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def operator(sandbox_client, database_url):
    return open_as(sandbox_client, database_url)


def invite(operator, email, role, bound_to="", **more):
    page = operator.get(PEOPLE)
    return press(operator, page, PEOPLE, email=email, role=role, bound_to=str(bound_to), **more)


def open_person(operator, invited):
    path = invited.headers["location"].partition("?")[0]
    return path, operator.get(path)


def find_grant(page):
    return re.search(r'name="grant" value="(\d+)"><button class="button small(?: danger)?"', page.text)[1]


def test_people_are_invited_with_each_role(sandbox_client, operator):
    partner, child = (number_of(sandbox_client, who) for who in ("parent", "child"))
    contract = sandbox_client.credentials["hiring_contracts"][0]["id"]
    for at, (role, bound_to, more) in enumerate(
        (
            (Role.OPERATOR_READER, "", {}),
            (Role.PARTNER_MANAGER, partner, {}),
            (Role.CUSTOMER, child, {"customer_of": "application"}),
            (Role.CUSTOMER, contract, {"customer_of": "contract"}),
        )
    ):
        invited = invite(operator, f"p{at}@hafenkontor.example", role, bound_to, **more)
        assert invited.headers["location"].endswith("?done=invited"), invited.text
    for _ in range(PATIENCE_SECONDS * 20):  # they are sent after the answer
        mails = operator.get("/portal/sandbox/mails").text
        if all(f"p{at}@hafenkontor.example" in mails for at in range(4)):
            break
        time.sleep(0.05)
    assert [at for at in range(4) if f"p{at}@hafenkontor.example" not in mails] == []
    acts = list_acts(sandbox_client, action="role.give", count=4)
    assert {(act["after"]["role"], act["partner"]) for act in acts} == {
        ("OPERATOR_READER", None),
        ("PARTNER_MANAGER", partner),
        ("CUSTOMER", partner),
        ("CUSTOMER", None),
    }
    again = invite(operator, "p1@hafenkontor.example", Role.PARTNER_MANAGER, partner)
    assert again.headers["location"].endswith("?done=known")
    listed = operator.get(f"{PEOPLE}?partner={partner}").text
    assert "p1@hafenkontor.example" in listed
    assert "p0@hafenkontor.example" not in listed


@pytest.mark.parametrize(
    ("email", "role", "bound_to", "text"),
    [
        ("nobody", "OPERATOR", "", "Enter an e-mail address"),
        ("a@b.example", "OPERATOR", "17", "an operator has none"),
        ("a@b.example", "PARTNER_READER", "", "Enter the number of a partner"),
        ("a@b.example", "PARTNER_READER", "x", "Enter the number of a partner"),
        ("a@b.example", "PARTNER_READER", "777777", "There is no partner"),
        ("a@b.example", "MEMBER", "", "Enter the number of a partner"),
    ],
)
def test_a_wrong_invitation_says_so_at_its_field(operator, email, role, bound_to, text):
    wrong = invite(operator, email, role, bound_to)
    assert (wrong.status_code, text in wrong.text, f'value="{email}"' in wrong.text) == (422, True, True)


def test_a_role_is_changed_and_removed_and_ends_the_sessions(sandbox_client, operator, database_url):
    partner = number_of(sandbox_client, "parent")
    path, page = open_person(operator, invite(operator, PERSON, Role.PARTNER_MANAGER, partner))
    theirs = open_browser(sandbox_client, log_in(database_url, email=PERSON))
    assert theirs.get("/portal/partner").status_code == 200
    other = invite(operator, PERSON, Role.PARTNER_READER, partner)
    assert "another role already" in other.text
    changed = press(operator, page, f"{path}/role", role="PARTNER_READER")
    assert changed.headers["location"] == f"{path}?done=person"
    assert theirs.get("/portal/partner").headers["location"].startswith("/portal/login")
    assert press(operator, page, f"{path}/role", role="CUSTOMER").status_code == 400
    assert operator.post(f"{path}/role", {"grant": "1", "role": "OPERATOR"}).status_code == 404
    removed = operator.post(f"{path}/role/remove", {"grant": find_grant(page)})
    assert removed.headers["location"] == f"{path}?done=role-removed"
    assert "None: the person sees the jobs" in operator.get(path).text
    acts = list_acts(sandbox_client, count=2)
    assert [(act["action"], act["partner"]) for act in acts] == [
        ("role.remove", partner),
        ("role.change", partner),
    ]


def test_a_person_is_logged_out_and_removed(sandbox_client, operator, database_url):
    path, _ = open_person(operator, invite(operator, "gone@hafenkontor.example", Role.OPERATOR_READER))
    theirs = open_browser(sandbox_client, log_in(database_url, email="gone@hafenkontor.example"))
    ended = press(operator, operator.get(path), f"{path}/sessions/end")
    assert ended.headers["location"] == f"{path}?done=sessions-ended"
    assert theirs.get("/portal/operator/people").status_code == 303
    asked = operator.get(f"{path}/remove")
    assert "All roles end: 1" in asked.text
    assert press(operator, asked, f"{path}/remove").headers["location"] == f"{PEOPLE}?done=person-gone"
    assert operator.get(path).status_code == 404
    assert list_acts(sandbox_client, count=1)[0]["action"] == "person.remove"


def test_people_are_found_and_readers_change_nothing(sandbox_client, operator, database_url):
    assert OPERATOR in operator.get(f"{PEOPLE}?q=ada").text
    assert "Nobody matches" in operator.get(f"{PEOPLE}?q=nobody-like-it").text
    reader = open_as(sandbox_client, database_url, Role.OPERATOR_READER, "eve@board.example")
    assert "Invite somebody" not in reader.get(PEOPLE).text
    assert reader.post(PEOPLE, {"email": "x@y.example", "role": "OPERATOR"}).status_code == 403
