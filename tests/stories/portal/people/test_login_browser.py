"""Logging in with a real browser: by mail, by code, as somebody of the demonstration, and with a passkey of a virtual device."""

import re

import pytest
from playwright.sync_api import expect

from tests.stories.portal.browser import (
    LOOKS,
    WIDTHS,
    find_in_mail,
    keep_picture,
    list_faults_at,
    list_in_look,
    list_violations,
    open_browser,
    open_page,
    open_site,
)

SEAT = "recruiter@example.com"  # of the sandbox's contract for slots
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
LINK = re.compile(r"/portal/login/link\?token=[\w-]+")
CODE = re.compile(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b")


@pytest.fixture(scope="module")
def base_url(cluster_url, tmp_path_factory):
    """A sandbox with a name: browsers make no passkeys for numbers."""
    with open_site(cluster_url, tmp_path_factory.mktemp("login"), host="localhost") as (_, credentials):
        yield credentials["base_url"]


@pytest.fixture(scope="module")
def browser(base_url):
    with open_browser() as opened:
        yield opened


def request_mail(page):
    """Returns the path of the link, and the code, of the mail that comes."""
    page.goto("/portal/login")
    page.get_by_label("E-mail address").fill(SEAT)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    return find_in_mail(page, LINK, CODE)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_a_person_logs_in_by_mail(browser, base_url, has_script):
    with open_page(browser, base_url, "phone", has_script=has_script) as page:
        link, _ = request_mail(page)
        page.goto(link)
        expect(page.locator("main")).to_contain_text("You log in as r…@example.com.")
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(f"{base_url}/portal/my/jobs")
        page.goto("/portal/login/link?token=used")
        expect(page.get_by_role("status")).to_contain_text("The link was used already")


@pytest.mark.long
def test_a_person_whose_mail_is_elsewhere_types_its_code(browser, base_url):
    with open_page(browser, base_url, "phone") as page, open_page(browser, base_url, "desk") as elsewhere:
        link, code = request_mail(page)
        elsewhere.goto(link)
        expect(elsewhere.locator("main")).to_contain_text("asked for in another browser")
        expect(elsewhere.get_by_role("button", name="Log in")).to_have_count(0)
        field = page.get_by_label("Mail on another device?")
        field.fill("ABCD-EFGH")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("This is not a valid code")
        field.fill(code)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(f"{base_url}/portal/my/jobs")


@pytest.mark.long
def test_a_passkey_of_the_device_logs_in_without_a_mail(browser, base_url):
    with open_page(browser, base_url, "desk") as page:
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto("/portal/login")
        page.get_by_role("button", name="Operator").click()
        page.goto("/portal/account")
        page.get_by_label("Name of the new passkey").fill("laptop")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.get_by_role("status")).to_have_text("The passkey is stored")
        expect(page.locator("main")).to_contain_text("laptop")
        assert list_violations(page) == []
        page.get_by_role("button", name="Log out", exact=True).first.click()
        expect(page.get_by_role("status").first).to_have_text("You are logged out")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page).to_have_url(f"{base_url}/portal/operator")
        page.goto("/portal/account")
        page.get_by_role("button", name="Remove laptop").click()
        expect(page.get_by_role("status")).to_have_text("The passkey is removed")


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_the_pages_of_a_log_in_are_readable_by_everybody(browser, base_url, look):
    pages = {
        "login": "/portal/login?over=1",
        "login-sent": "/portal/login/sent",
        "mails": "/portal/sandbox/mails",
        "account": "/portal/account?done=account",
    }
    (size, theme), wrong = look, []
    with open_page(browser, base_url, size, theme=theme, is_judged=True) as page:
        page.goto("/portal/login?over=1")
        for name in list_in_look(pages, look):
            if name == "account":
                page.goto("/portal/login")
                page.get_by_role("button", name="Poster of jobs").click()
            wrong += [(name, found) for found in list_faults_at(page, pages[name])]
            keep_picture(page, f"{name}-{WIDTHS[size][0]}-{theme}")
    assert wrong == []
