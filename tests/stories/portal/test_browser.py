"""The web pages in a browser: at each width, light and dark, with and without script; by axe, by eye and by keyboard."""

import re
from datetime import timedelta
from itertools import pairwise

import httpx2
import pytest
from playwright.sync_api import expect

from jobmeter.people.model import Role
from tests.stories.candidate.hard_texts import TEXTS
from tests.stories.portal.browser import (
    JOURNEYS,
    LOOKS,
    WIDTHS,
    WITH_SCRIPT,
    keep_picture,
    list_faults,
    list_faults_at,
    list_in_look,
    one_journey,
    open_browser,
    open_page,
    open_site,
    use_session,
)
from tests.stories.portal.opened import MAIN_PAGES, OPENED
from tests.stories.portal.sessions import list_grants, log_in
from tests.support.feed_documents import serialize_feed, serialize_job, serialize_jobs
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.scenario import one_of

LANDMARKS = ("banner", 'navigation "Main"', "main", "contentinfo", 'complementary "Sandbox"')
# What is read aloud as its kind alone.
NAMELESS = re.compile(r"^ *- (?:link|button|img|textbox|searchbox|combobox|region)(?: \[[^\]]*\])*:?$")
MOVED = re.compile("Die Uhr ist vorgestellt|abgerechnet|gelesen")
STOPS_MAX = 80
FOCUS = "one => [one === document.activeElement, getComputedStyle(document.activeElement).outlineStyle]"


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox in a process of its own; its address, a session of each role, some of a person who has two, and parts of addresses."""
    with open_site(cluster_url, tmp_path_factory.mktemp("portal")) as (url, credentials):
        grants = list_grants(credentials)
        tokens = {
            role: log_in(url, grant, email=f"{role}@hafenkontor.example") for role, grant in grants.items()
        }
        names = post_jobs(credentials, tmp_path_factory.mktemp("feed") / "feed.xml")
        roles = (grants[Role.PARTNER_MANAGER], grants[Role.OPERATOR])
        several = [log_in(url, *roles, email="both@hafenkontor.example") for _ in JOURNEYS]
        yield credentials["base_url"], tokens | {"": ""}, several, names


def post_jobs(credentials, feed):
    """A job with each hard text and two for journeys, and what some cost on a day that is over; returns parts of addresses."""
    with httpx2.Client(base_url=credentials["base_url"], timeout=60) as client:
        sandbox_client = SandboxClient(client, credentials)
        texts = {name: {"title": text.title, "description": text.description} for name, text in TEXTS.items()}
        texts |= {f"journey-{size}": {"title": f"Driver {size}"} for size in ("desk", "phone")}
        elements = [sandbox_client.job_element(name, **text) for name, text in texts.items()]
        elements.insert(1, sandbox_client.job_element("for-the-keyboard", title="Night porter"))
        rows = sandbox_client.batch_create(elements)
        first, *_, last, desk, phone = (
            int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1]) for row in rows
        )
        day = sandbox_client.now.date()
        for job_id, clicks in ((first, 25), (desk, 3), (phone, 3)):
            sandbox_client.send_clicks(job_id, clicks, prefix=f"{job_id}-")
        delivery_id = connect_partner(sandbox_client, feed)
        sandbox_client.advance("1d")
        sandbox_client.advance("2m")
    return {
        "job_id": first,
        "hard_job_id": last,
        "day": day,
        "year_before": day - timedelta(days=300),
        "delivery_id": delivery_id,
    }


def connect_partner(sandbox_client, feed):
    """A feed with errors, a webhook that nobody answers, and what was sent to it; returns the id of the delivery."""
    feed.write_bytes(
        serialize_feed([*serialize_jobs(2), serialize_job("short", description="x" * 300, title="")])
    )
    application_id = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    sandbox_client.client.post(
        "/operator/feeds",
        json={"applicationId": application_id, "path": str(feed), "intervalMinutes": 60},
        headers=bearer(sandbox_client.credentials["operator_key"]),
    )
    path, headers = "/partner/webhooks", bearer(sandbox_client.token("parent"))
    body = {"url": "http://127.0.0.1:9/hook", "kinds": ["CHARGES", "BUDGET_ALERT"]}
    webhook = sandbox_client.client.post(path, json=body, headers=headers).json()
    sandbox_client.client.post(f"{path}/{webhook['id']}/tests", headers=headers)
    listed = sandbox_client.client.get(f"{path}/{webhook['id']}/deliveries", headers=headers).json()
    return listed["elements"][0]["id"]


@pytest.fixture(scope="module")
def browser(site):
    with open_browser() as opened:
        yield opened


@one_of(3)
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_page_is_readable_by_everybody(browser, site, look, every):
    base_url, tokens, _, names = site
    (size, theme), wrong = look, []
    with open_page(browser, base_url, size, theme=theme, is_judged=True) as page:
        for name in list_in_look(OPENED, look, every):
            path, role, status = OPENED[name]
            use_session(page, base_url, tokens[role])
            wrong += [(name, found) for found in list_faults_at(page, path.format_map(names), status)]
            keep_picture(page, f"{name}-{WIDTHS[size][0]}-{theme}")
    assert wrong == []


def test_what_is_wrong_with_a_page_is_found(browser, site):
    """Otherwise the other tests would prove nothing."""
    with open_page(browser, site[0], "desk", theme="light") as page:
        page.set_content(
            '<html lang="en"><title>Wrong</title><main><h1>One</h1><h1>Two</h1><img src="data:,">'
            '<p style="color: #ccc; width: 360px">Pale, and wider than a small phone'
        )
        found = {fault.partition(":")[0]: fault for fault in list_faults(page)}
    assert {"color-contrast", "image-alt", "has no single heading"} < set(found)
    assert found["is wider than the screen"].endswith(": small phone")


@pytest.mark.long
@pytest.mark.parametrize(("size", "has_script"), JOURNEYS, ids=["script", "no script"])
def test_everything_works_without_script(browser, site, size, has_script):
    base_url, _, several, _ = site
    with open_page(browser, base_url, size, cookie=several.pop(), has_script=has_script) as page:
        page.goto("/portal/operator")
        if size == "phone":
            page.get_by_role("button", name="Menu").click()
        page.get_by_label("Role").select_option(label="Member")
        if not has_script:
            page.get_by_role("button", name="Change role").click()
        expect(page.get_by_role("status")).to_have_text("You see the pages of another role now")
        expect(page.get_by_role("heading", level=1)).to_have_text("My jobs")
        page.get_by_label("Display").select_option("light")
        page.get_by_label("Language").select_option("de")
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        expect(page.get_by_role("heading", level=1)).to_have_text("Meine Stellen")
        clock = page.locator(".clock").inner_text()
        page.get_by_role("button", name="+1 Tag").click()
        # It says what happened on the way: a day is settled or a feed read, perhaps nothing.
        expect(page.get_by_role("status")).to_contain_text(MOVED)
        assert page.locator(".clock").inner_text() != clock
        assert page.url.startswith(f"{base_url}/portal/my/jobs")


@pytest.mark.long
@one_journey(WITH_SCRIPT)
def test_a_partner_s_manager_follows_the_money_to_a_click_and_closes_a_job(browser, site, size, has_script):
    base_url, tokens, _, names = site
    cookie = tokens[Role.PARTNER_MANAGER]
    with open_page(browser, base_url, size, cookie=cookie, has_script=has_script) as page:
        heading, status = page.get_by_role("heading", level=1), page.get_by_role("status")

        def choose(name):
            if size == "phone":
                page.get_by_role("button", name="Menu").click()
            page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()

        page.goto("/portal/partner")
        choose("Jobs")
        page.get_by_label("Title, company, id or code").fill(f"journey-{size}")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name=f"Driver {size}").click()
        expect(heading).to_have_text(f"Driver {size}")
        page.get_by_role("link", name="Apply clicks", exact=True).click()
        expect(page.locator(".says")).to_contain_text("3 Apply clicks in total")
        page.locator("tbody th a").click()
        expect(page.locator("td .chip")).to_have_text(["Charged"] * 3)
        page.get_by_role("link", name=f"Driver {size}").click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Title").fill(f"Night driver {size}")
        page.get_by_role("button", name="Save").click()
        expect(status).to_have_text("The job is saved")
        expect(heading).to_have_text(f"Night driver {size}")
        page.get_by_role("link", name="Close…").click()
        page.get_by_role("button", name="Close the job").click()
        expect(status).to_have_text("The job is closed")
        expect(page.get_by_role("link", name="Edit")).to_have_count(0)

        choose("Reports")
        for name in ("First day", "Last day"):  # other tests have moved the clock
            page.get_by_label(name).fill(names["day"].isoformat())
        page.get_by_role("button", name="Show").click()
        expect(page.locator("tfoot")).to_contain_text("39.00")
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        assert download.value.suggested_filename.startswith("jobmeter-reports-")
        choose("Clicks not charged")
        expect(page.locator("tfoot")).to_contain_text("5")


def test_the_menu_of_a_phone_is_closed_by_escape(browser, site):
    base_url, tokens, _, _ = site
    with open_page(browser, base_url, "phone", cookie=tokens[Role.PARTNER_MANAGER]) as page:
        page.goto("/portal/partner")
        menu, button = page.get_by_role("navigation"), page.get_by_role("button", name="Menu")
        expect(menu).to_be_hidden()
        button.press("Enter")
        expect(menu.get_by_role("link", name="Overview")).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(button).to_be_focused()


def test_the_keyboard_reaches_the_content_first(browser, site):
    base_url, tokens, _, _ = site
    with open_page(browser, base_url, "desk", cookie=tokens[Role.MEMBER]) as page:
        page.goto("/portal/my/jobs")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


@pytest.mark.long
def test_a_screen_reader_finds_its_way(browser, site):
    """In the tree that a browser gives to it: landmarks, one heading of the page and the others in order, a name for everything."""
    base_url, tokens, _, names = site
    wrong = []
    with open_page(browser, base_url, "desk") as page:
        for name in MAIN_PAGES:
            path, role, _ = OPENED[name]
            use_session(page, base_url, tokens[role])
            page.goto(path.format_map(names))
            tree = page.locator("body").aria_snapshot()
            inside = re.search(r"^- main:\n((?:  .*\n?)*)", tree, re.MULTILINE)[1]
            ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
            wrong += (
                []
                if len(ids) == len(set(ids))
                else [(name, "has an id twice: a label names the wrong field")]
            )
            wrong += [(name, found) for found in list_faults_of_tree(tree, inside)]
    assert wrong == []


def list_faults_of_tree(tree, inside):
    found = [] if tree.startswith('- link "Skip to the content"') else ["does not begin with the skip link"]
    found += [mark for mark in LANDMARKS if len(re.findall(rf"^ *- {mark}:", tree, re.MULTILINE)) != 1]
    levels = [int(level) for level in re.findall(r"- heading .*\[level=(\d)\]", inside)]
    is_in_order = all(below <= above + 1 for above, below in pairwise(levels))
    found += [] if levels[:1] == [1] and levels.count(1) == 1 and is_in_order else [levels]
    return found + [line for line in tree.splitlines() if NAMELESS.match(line)]


def test_a_job_is_found_edited_and_closed_by_keyboard_alone(browser, site):
    base_url, tokens, _, _ = site
    with open_page(browser, base_url, "desk", cookie=tokens[Role.PARTNER_MANAGER]) as page:
        page.goto("/portal/partner/jobs")
        reach(page, "searchbox", "Title, company, id or code")
        page.keyboard.type("Night porter")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        press(page, "link", "Night porter")
        press(page, "link", "Edit")
        reach(page, "textbox", "Title")
        page.keyboard.press("Control+A")
        page.keyboard.type("Day porter")
        press(page, "button", "Save")
        expect(page.get_by_role("status")).to_contain_text("The job is saved")
        press(page, "link", re.compile("^Close"))
        press(page, "button", re.compile("^Close"))
        expect(page.get_by_role("status")).to_contain_text("The job is closed")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Day porter")


def press(page, role, name):
    reach(page, role, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def reach(page, role, name):
    """Presses Tab until the element is focused, from the content on; where the focus is can be seen at each stop."""
    if page.evaluate("document.activeElement === document.body"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the skip link
    wanted = page.get_by_role(role, name=name, exact=isinstance(name, str)).first
    expect(wanted).to_be_visible()
    wanted = wanted.element_handle()
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        is_reached, outline = wanted.evaluate(FOCUS)
        assert outline != "none"
        if is_reached:
            return
    raise AssertionError(f"{name} cannot be reached")


def test_a_form_of_another_site_is_refused(browser, site):
    base_url, tokens, _, _ = site
    form = f'<form method="post" action="{base_url}/portal/logout"><button>Win</button></form>'
    context = browser.new_context(base_url=base_url)
    context.add_cookies(
        [
            {
                "name": "jobmeter",
                "value": tokens[Role.CUSTOMER],
                "url": base_url,
                "sameSite": "None",
                "secure": True,
            }
        ]
    )
    page = context.new_page()
    page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.example/")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The form was not accepted")
    context.close()
