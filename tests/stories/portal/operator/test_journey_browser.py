"""The operator's journey in a browser: finds a partner, adds one after proving who it is, looks at its pages, and finds that in the audit log."""

import pytest
from playwright.sync_api import expect

from tests.stories.portal.browser import (
    WITH_SCRIPT,
    find_in_mail,
    keep_picture,
    list_violations,
    one_journey,
    open_browser,
    open_page,
    open_site,
)
from tests.stories.portal.people.test_login_browser import AUTHENTICATOR, CODE
from tests.stories.portal.sessions import age_sessions


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox with a name, because browsers make no passkeys for numbers: its database and its address."""
    with open_site(cluster_url, tmp_path_factory.mktemp("operator"), host="localhost") as (url, credentials):
        yield url, credentials["base_url"]


@pytest.fixture(scope="module")
def browser(site):
    with open_browser() as opened:
        yield opened


def make_passkey(page):
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/portal/account")
    page.get_by_label("Name of the new passkey").fill("laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_have_text("The passkey is stored")


def confirm(page, *, has_script):
    """By the passkey, or by the code of a mail: without script there is no passkey."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    expect(page.locator("main")).to_contain_text("What you entered is kept")
    assert not has_script or list_violations(page) == []
    if has_script:
        page.get_by_role("button", name="Use a passkey").click()
    else:
        page.get_by_role("button", name="Send me a mail with a code").click()
        (code,) = find_in_mail(page, CODE)
        page.get_by_label("Code of the mail").fill(code)
        page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are confirmed")
    page.get_by_role("button", name="Send it").click()


@pytest.mark.long
@one_journey(WITH_SCRIPT)
def test_an_operator_adds_a_partner_and_looks_at_its_pages(browser, site, size, has_script):
    database_url, base_url = site
    name = f"Nordwind {size}"
    with open_page(browser, base_url, size, has_script=has_script) as page:
        page.goto("/portal/login")
        page.get_by_role("button", name="Operator").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Programme")
        if has_script:
            make_passkey(page)
        age_sessions(database_url)
        page.goto("/portal/operator/partners")
        page.get_by_role("link", name="Add a partner").click()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Your reference").fill(f"C-{size}")
        page.get_by_role("button", name="Add the partner").click()
        confirm(page, has_script=has_script)
        expect(page.get_by_role("heading", level=1)).to_have_text("The partner is added")
        secret = page.locator("#secret").inner_text()
        assert not has_script or list_violations(page) == []
        keep_picture(page, f"operator-secret-{size}")
        page.get_by_role("link", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        assert secret not in page.content()
        open_its_pages_and_return(page, name)
        page.get_by_label("Find a partner").fill(f"C-{size}")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)


def open_its_pages_and_return(page, name):
    page.get_by_role("button", name="Look at it as this partner").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator("main")).to_contain_text(name)
    keep_picture(page, f"operator-look-{page.viewport_size['width']}")
    page.goto("/portal/partner/people")
    expect(page.get_by_role("button", name="Invite")).to_have_count(0)
    page.get_by_role("button", name="Back to the operator's pages").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Programme")
    recent = page.locator(".events li").first
    expect(recent).to_contain_text("partner.look")
    expect(recent).to_contain_text("operator@example.com")
