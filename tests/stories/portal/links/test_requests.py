"""The log of a partner's requests on pages: filtered, in pages, with the body of a refusal and without a secret."""

import re

import pytest

from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.links.scene import open_scene, read_file, wait_for_text
from tests.support.sandbox_client import bearer

REQUESTS = "/portal/partner/requests"
LINK = re.compile(rf'href="({REQUESTS}/\d+)" class="code">(\w+) ([^<]+)</a>')
REFUSED = "/rest/simpleJobPostings/refused"


@pytest.fixture(scope="module")
def scene(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield from open_scene(next(made))
    made.close()


@pytest.fixture(scope="module")
def token(scene):
    """The token of a child whose requests were answered: 60 accepted, one refused."""
    token = scene.sandbox.token("child")
    for _ in range(60):
        scene.sandbox.client.get("/partner/webhooks", headers=bearer(token))
    refused = scene.sandbox.client.get(
        f"{REFUSED}?a=<b>", headers=bearer(token) | {"LinkedIn-Version": "190001"}
    )
    assert refused.status_code == 426
    wait_for_text(scene.reader, f"{REQUESTS}?status=refused", REFUSED)
    return token


def test_a_refusal_is_found_with_its_body_and_without_a_secret(scene, token):
    page = scene.reader.get(f"{REQUESTS}?status=refused&method=GET&path=simpleJob").text
    ((path, method, target),) = LINK.findall(page)
    assert (method, target) == ("GET", REFUSED)
    assert "426" in page
    shown = scene.reader.get(path).text
    assert "Requested version 19000101 is not active" in shown
    assert "linkedin-version: 190001" in shown
    assert "a=%3Cb%3E" in shown
    assert token not in shown
    assert scene.sandbox.credentials["child"]["client_secret"] not in shown
    for query in (
        "status=failed",
        "method=DELETE",
        "path=nothing",
        f"application={scene.number_of('parent')}",
    ):
        assert LINK.findall(scene.reader.get(f"{REQUESTS}?{query}").text) == []
    api = scene.sandbox.client.get(
        "/partner/requests?statusMin=400&method=GET&path=simpleJob", headers=bearer(token)
    )
    assert [one["status"] for one in api.json()["elements"]] == [426]


def test_every_request_is_on_one_page(scene, token):
    query = f"?path=webhooks&application={scene.number_of('child')}"
    first = scene.reader.get(f"{REQUESTS}{query}").text
    assert f"Only application {scene.number_of('child')}" in first
    following = re.search(r'href="(\?[^"]*)" rel="next"', first)[1].replace("&amp;", "&")
    second = scene.reader.get(f"{REQUESTS}{following}").text
    found = [path for page in (first, second) for path, _, _ in LINK.findall(page)]
    assert (len(LINK.findall(first)), len(found), len(set(found))) == (50, 60, 60)
    assert 'rel="next"' not in second
    rows = read_file(scene.reader, f"{REQUESTS}.csv{query}")
    assert [row["status"] for row in rows] == ["200"] * 60
    assert len({row["number"] for row in rows}) == 60
    unknown = scene.reader.get(f"{REQUESTS}?status=x&method=x&path=webhooks")
    assert len(LINK.findall(unknown.text)) == 50


def test_another_partner_s_requests_do_not_exist(scene, token):
    path = LINK.search(scene.reader.get(REQUESTS).text)[1]
    assert scene.reader.get(path).status_code == 200
    assert scene.stranger.get(path).status_code == 404
    assert (
        "No request matches" in scene.stranger.get(f"{REQUESTS}?application={scene.number_of('child')}").text
    )
