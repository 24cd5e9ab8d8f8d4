"""The script of the pages in a browser: what it adds, and that nothing depends on it. The pages are ours, on an address of ours."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from jobmeter.base.clock import read_machine_clock
from jobmeter.portal.frame.assets import load_assets
from jobmeter.portal.frame.headers import HEADERS
from jobmeter.portal.frame.render import make_environment
from tests.stories.portal.browser import PATIENCE_MS, open_browser

HERE = "http://localhost:9/portal/page"  # where nothing listens: every request is answered below
SUMMARY = make_environment("en").get_template("parts.html").module.summary({"title": "Enter a title"})
BODY = {
    "summary": str(SUMMARY),
    "moment": '<p id="at"><time datetime="2026-11-28T04:22:00+00:00">28 Nov 2026, 04:22 UTC</time></p>',
    "copy": '<code id="secret"> s3cret </code><button data-copy="secret" hidden>Copy</button>',
    "ending": '<p id="ending" data-minutes="0" data-ends="{soon}" hidden>Your session ends</p>',
    "changes": '<form data-changes><input name="title" id="title"></form><a href="/portal/other">Leave</a>',
    "passkey": '<form data-passkey="get" hidden><input type="hidden" name="credential"><button>Use a passkey</button></form>',
}


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture
def show(browser):
    """Opens a page with this body and the script, under the policy of the pages; nothing may be reported."""
    context = browser.new_context(
        timezone_id="Europe/Berlin", permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(PATIENCE_MS)
    page, faults = context.new_page(), []
    page.on("console", lambda line: faults.append(line.text) if line.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    script = load_assets()["portal.js"]

    def answer(route):
        if route.request.url.endswith(script.path):
            route.fulfill(body=script.body, content_type=script.media)
        else:
            head = f'<!doctype html><html lang="en"><script type="module" src="{script.path}"></script>'
            route.fulfill(
                body=f"{head}<body{attribute}><main>{body}", content_type="text/html", headers=HEADERS
            )

    body, attribute = "", " data-local"

    def show(name, *, knows_zone=False, ends_seconds=1):
        nonlocal body, attribute
        soon = read_machine_clock() + timedelta(seconds=ends_seconds)
        body, attribute = BODY[name].replace("{soon}", soon.isoformat()), "" if knows_zone else " data-local"
        page.goto(HERE)
        return page

    page.route("**/*", answer)
    yield show
    context.close()
    assert faults == []


def test_the_browser_s_time_is_written_beside_utc(show):
    expect(show("moment").locator("#at")).to_have_text("28 Nov 2026, 04:22 UTC (Nov 28, 2026, 5:22 AM)")
    assert show("moment", knows_zone=True).locator("#at").inner_text() == "28 Nov 2026, 04:22 UTC"


def test_the_summary_of_what_is_wrong_is_focused(show):
    page = show("summary")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("link", name="Enter a title")).to_have_attribute("href", "#title")


def test_a_text_is_copied(show):
    page = show("copy")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copy")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("navigator.clipboard.readText()") == "s3cret"


@pytest.mark.parametrize("ends_seconds", [1, -60])
def test_the_end_of_a_session_is_announced_on_a_page_that_stays_open_or_arrives_late(show, ends_seconds):
    expect(show("ending", ends_seconds=ends_seconds).locator("#ending")).to_be_visible()


def test_the_end_of_a_session_is_not_announced_long_before(show):
    expect(show("ending", ends_seconds=3_600).locator("#ending")).to_be_hidden()


def test_leaving_a_changed_form_is_asked_about(show):
    page, asked = show("changes"), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Leave").click()
    page.wait_for_url("**/portal/other")
    assert asked == []
    page = show("changes")
    page.locator("#title").press_sequentially("Pilot")
    page.get_by_role("link", name="Leave").click()
    page.wait_for_url("**/portal/other")
    assert asked == ["beforeunload"]


def test_a_passkey_is_offered_where_the_browser_has_them(show):
    expect(show("passkey").get_by_role("button", name="Use a passkey")).to_be_visible()
