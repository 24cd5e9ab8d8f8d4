"""What a visitor chooses is kept in cookies, and what is loaded is kept forever: by language, theme, and hash."""

import re

import pytest

from jobmeter.people.model import Role
from jobmeter.portal.frame.assets import load_assets
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import reopen_sandbox_client


def test_the_language_follows_the_browser_then_the_choice(sandbox_client, database_url):
    german = open_browser(sandbox_client).get("/portal/login", **{"Accept-Language": "de-DE,de;q=0.9"}).text
    assert '<html lang="de">' in german
    assert "<h1>Anmelden</h1>" in german
    browser = open_browser(sandbox_client, log_in(database_url))
    assert browser.post("/portal/display", {"language": "de", "theme": "dark"}).status_code == 303
    chosen = browser.get("/portal/my/jobs").text
    assert '<html lang="de" data-theme="dark">' in chosen
    browser.post("/portal/display", {"language": "xx", "theme": "<b>"})
    assert '<html lang="en">' in browser.get("/portal/my/jobs").text


def test_assets_are_kept_forever_under_their_hash(sandbox_client):
    browser = open_browser(sandbox_client)
    page = browser.get("/portal/login").text
    loaded = re.findall(r'(?:href|src)="(/portal/assets/[^"]+)"', page)
    assert sorted(loaded) == sorted(asset.path for asset in load_assets().values())
    for path in loaded:
        packed, plain = browser.get(path), browser.get(path, **{"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert "immutable" in packed.headers["cache-control"]
        assert packed.headers["x-content-type-options"] == "nosniff"
    of_another_release = browser.get("/portal/assets/style.0000000000000000.css")
    assert (of_another_release.status_code, of_another_release.headers["cache-control"]) == (200, "no-store")
    assert browser.get("/portal/assets/other.0000000000000000.css").status_code == 404


def test_the_weight_of_what_is_loaded_is_bounded():
    sizes = {name: len(asset.body) for name, asset in load_assets().items()}
    assert sizes["style.css"] < 30_000
    assert sizes["portal.js"] < 4_000


def test_cookies_are_bound_to_https_and_the_host_in_production(sandbox_client, database_url):
    with reopen_sandbox_client(
        database_url,
        sandbox_client.credentials,
        sandbox=False,
        chores=False,
        base_url="https://board.example",
    ) as production:
        browser = open_browser(production, scheme="https")
        cookie = browser.get("/portal/login").headers["set-cookie"]
        assert cookie.startswith("__Host-jobmeter-browser=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        token = log_in(database_url, list_grants(sandbox_client.credentials)[Role.OPERATOR])
        browser.client.cookies.set("jobmeter", token, domain="board.example")
        assert browser.get("/portal").headers["location"].startswith("/portal/login")
        browser.client.cookies.set("__Host-jobmeter", token, domain="board.example")
        assert browser.get("/portal").headers["location"] == "/portal/operator"
        page = browser.get("/portal/operator").text
        assert "SANDBOX" not in page
        assert browser.post("/portal/sandbox/clock", {"advance": "1d"}).status_code == 404


def test_a_sandbox_shows_its_clock_on_every_page(sandbox_client, database_url):
    for token in ("", log_in(database_url)):
        page = open_browser(sandbox_client, token).get("/portal/login").text
        assert "SANDBOX" in page
        assert ('name="advance"' in page) == bool(token)


@pytest.mark.parametrize("path", ["/portal/login", "/"])
def test_the_first_page_leads_to_the_log_in(sandbox_client, path):
    answer = open_browser(sandbox_client).get(path)
    assert "Log in" in answer.text
