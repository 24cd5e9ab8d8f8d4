"""A partner's applications on pages: listed and searched; a child, secrets that are shown once, and tokens that are ended."""

import re
from html import unescape

import pytest

from jobmeter.people.model import Role
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.links.scene import open_scene, read_file
from tests.support.sandbox_client import bearer

APPLICATIONS = "/portal/partner/applications"
SECRET = re.compile(r'<code id="secret">([^<]+)</code>')
DRAFT = {"name": "Talentbridge - Hafen <b>", "foreign_id": "hafen-7", "description": "The harbour"}


@pytest.fixture(scope="module")
def scene(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield from open_scene(next(made))
    made.close()


def read_secret(answer):
    assert answer.status_code == 200, answer.text
    return unescape(SECRET.search(answer.text)[1])


def request_token(scene, client_id, secret):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return scene.sandbox.client.post("/oauth/v2/accessToken", data=form)


def test_applications_are_listed_and_found(scene):
    page = scene.reader.get(APPLICATIONS).text
    keys = scene.sandbox.credentials
    for who in ("parent", "child"):
        assert f'href="{APPLICATIONS}/{scene.number_of(who)}"' in page
        assert keys[who]["client_id"] in page
        assert keys[who]["client_secret"] not in page
    found = scene.reader.get(f"{APPLICATIONS}?q={keys['child']['client_id']}").text
    assert f'href="{APPLICATIONS}/{scene.number_of("parent")}"' not in found
    assert f'href="{APPLICATIONS}/{scene.number_of("child")}"' in found
    assert "No application matches" in scene.reader.get(f"{APPLICATIONS}?q=nothing").text
    rows = read_file(scene.reader, f"{APPLICATIONS}.csv?q=customer")
    assert [row["clientId"] for row in rows] == [keys["child"]["client_id"]]
    assert f"/{scene.number_of('child')}" not in scene.stranger.get(APPLICATIONS).text


def test_a_child_is_added_its_secret_rotated_and_its_tokens_ended(scene):
    answer = scene.manager.post(f"{APPLICATIONS}/new", DRAFT)
    first = read_secret(answer)
    assert "Hafen &lt;b&gt;" in answer.text
    path = re.search(rf'href="({APPLICATIONS}/\d+)"', answer.text)[1]
    page = scene.reader.get(path).text
    assert ("hafen-7" in page, first in page, f"…{first[-4:]}" in page) == (True, False, True)
    assert "none yet" in page
    client_id = re.search(r'<dd class="code">(\w{14})</dd>', page)[1]
    token = request_token(scene, client_id, first).json()["access_token"]
    assert "(to the hour)" in scene.reader.get(path).text

    assert scene.manager.get(f"{path}/retire").headers["location"] == path
    second = read_secret(scene.manager.post(f"{path}/secrets"))
    third = scene.manager.post(f"{path}/secrets")
    assert (third.status_code, 'href="#secrets"' in third.text) == (422, True)
    assert f"…{first[-4:]}" in scene.manager.get(f"{path}/retire").text
    for _ in range(2):
        assert scene.manager.post(f"{path}/retire").headers["location"] == f"{path}?done=secret-retired"
    assert request_token(scene, client_id, first).status_code == 401
    assert request_token(scene, client_id, second).status_code == 200

    assert scene.sandbox.client.get("/partner/webhooks", headers=bearer(token)).status_code == 200
    assert "refused at once" in scene.manager.get(f"{path}/stop").text
    assert scene.manager.post(f"{path}/stop").headers["location"] == f"{path}?done=tokens-ended"
    assert scene.sandbox.client.get("/partner/webhooks", headers=bearer(token)).status_code == 401
    assert request_token(scene, client_id, second).status_code == 200
    who = ("PERSON", f"{Role.PARTNER_MANAGER}@hafenkontor.example".lower())
    assert scene.list_acts("application", path.rsplit("/", 1)[-1]) == [
        (f"application.{act}", *who) for act in ("create", "addSecret", "retireSecret", "revokeTokens")
    ]


def test_what_is_wrong_with_a_new_application_is_shown_at_its_fields(scene):
    wrong = scene.manager.post(f"{APPLICATIONS}/new", {"name": "x" * 51})
    assert wrong.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', wrong.text) == ["name", "foreign_id", "description"]
    assert f'value="{"x" * 51}"' in wrong.text
    taken = {"name": "Another", "foreign_id": "taken", "description": "The first"}
    read_secret(scene.manager.post(f"{APPLICATIONS}/new", taken))
    again = scene.manager.post(f"{APPLICATIONS}/new", taken | {"description": "The second"})
    assert (again.status_code, "has this id already" in again.text) == (422, True)
    linked = scene.manager.post(f"{APPLICATIONS}/new", taken | {"name": "LinkedIn jobs"})
    assert re.findall(r'<li><a href="#(\w+)">', linked.text) == ["name"]


def test_a_reader_changes_nothing_and_no_role_reaches_another_partner_s(scene):
    path = f"{APPLICATIONS}/{scene.number_of('child')}"
    page = scene.reader.get(path).text
    assert f'action="{path}' not in page
    assert f"{path}/stop" not in page
    for act in ("secrets", "retire", "stop"):
        assert scene.reader.post(f"{path}/{act}").status_code == 403
        assert scene.stranger.post(f"{path}/{act}").status_code == 404
    assert scene.reader.post(f"{APPLICATIONS}/new", DRAFT).status_code == 403


def test_an_application_lists_itself_and_a_parent_its_children_through_the_api(scene):
    client, numbers = scene.sandbox.client, [scene.number_of(who) for who in ("parent", "child")]

    def read(who, path=""):
        return client.get(f"/partner/applications{path}", headers=bearer(scene.sandbox.token(who)))

    listed = read("parent", "?count=2").json()
    assert [one["id"] for one in listed["elements"]] == numbers
    assert [one["id"] for one in read("child").json()["elements"]] == numbers[1:]
    shown = read("parent", f"/{numbers[1]}").json()
    assert shown["secrets"][0]["lastFour"] == scene.sandbox.credentials["child"]["client_secret"][-4:]
    assert (shown["isParent"], shown["mayCreateTokens"], shown["secretsCount"]) == (False, True, 1)
    assert read("child", f"/{numbers[0]}").status_code == 404
    token = scene.sandbox.token("child")
    ended = client.post(
        f"/partner/applications/{numbers[1]}/tokenRevocations", headers=bearer(scene.sandbox.token("parent"))
    )
    assert ended.json()["revoked"] >= 1
    assert client.get("/partner/applications", headers=bearer(token)).status_code == 401
