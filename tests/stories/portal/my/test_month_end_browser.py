"""A reseller's customer, a poster of a job paid per click and a seat of a client use their pages, and the month's invoice
shows the partner what it paid for: the sentences of the source, by clicking. The pages of the money are looked at as well.
"""

import httpx2
import pytest
from playwright.sync_api import expect

from jobmeter.people.model import Role
from tests.stories.portal.browser import (
    LOOKS,
    find_in_mail,
    keep_picture,
    list_faults_at,
    list_in_look,
    open_browser,
    open_page,
    open_site,
    use_session,
)
from tests.stories.portal.money.scene import Scene, end_month, open_account, use_all
from tests.stories.portal.people.test_login_browser import LINK
from tests.stories.portal.sessions import list_grants, log_in
from tests.support.sandbox_client import SandboxClient
from tests.support.scenario import one_of
from tests.support.xml_partner import POSTER, XmlPartner

LIST, INVOICES, CONTRACTS = "/portal/my/jobs", "/portal/partner/invoices", "/portal/partner/contracts"


@pytest.fixture
def site(cluster_url, tmp_path_factory):
    """A sandbox in a process of its own, on the last day of a month, and a session of the partner's reader."""
    with (
        open_site(cluster_url, tmp_path_factory.mktemp("month"), host="localhost") as (url, credentials),
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        scene = open_account(SandboxClient(client, credentials))
        yield scene, log_in(url, list_grants(credentials)[Role.PARTNER_READER])


@pytest.fixture
def browser(site):
    with open_browser() as opened:
        yield opened


def log_in_by_mail(page, email):
    page.context.clear_cookies()
    page.goto("/portal/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send me a link").click()
    page.goto(find_in_mail(page, LINK, to=email)[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My jobs")


def edit_title(page, job_id, title):
    page.goto(f"{LIST}/{job_id}")
    page.get_by_role("link", name="Edit:").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text", exact=True).fill("You steer ships in and out, by day and by night. " * 4)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("The job is saved, and its agency is notified")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def close(page):
    page.get_by_role("link", name="Close…").click()
    page.get_by_role("button", name="Close the job").click()
    expect(page.get_by_role("status")).to_contain_text("The job is closed")


@pytest.mark.long
@one_of(3)
def test_what_customers_do_with_their_jobs_is_on_the_invoice_of_the_month(browser, site, every):
    """Of the pages of the money, one of ``every`` is judged."""
    scene, partner = site
    scene, xml = use_all(scene, renews=False, more=2), XmlPartner(scene.sandbox_client)
    with open_page(browser, scene.sandbox_client.credentials["base_url"], "desk") as page:
        log_in_by_mail(page, POSTER)
        # a reseller's job is viewed and edited; only the reseller, which pays, can renew it
        edit_title(page, scene.jobs["credit"], "Night fitter")
        expect(page.locator("main")).to_contain_text("can renew it, because")
        assert page.get_by_role("link", name="Renew").count() == 0
        assert xml.renew("credit", xml.credits).status_code == 200
        page.reload()
        close(page)
        # a job that is paid by its clicks
        edit_title(page, scene.jobs["clicks"], "Harbour pilot")
        close(page)
        # a distributor's job on a slot of the client, whose seat renews it
        seat = xml.operate("GET", f"/operator/hiringContracts/{xml.slots}").json()["defaultPosterEmail"]
        log_in_by_mail(page, seat)
        edit_title(page, scene.jobs["slot"], "Crane driver")
        page.get_by_role("link", name="Renew").click()
        page.get_by_role("button", name="Renew").click()
        expect(page.get_by_role("status")).to_have_text("The job is renewed")
        close(page)

        number = end_month(scene)["number"]
        use_session(page, scene.sandbox_client.credentials["base_url"], partner)
        page.goto("/portal/partner")
        page.get_by_role("link", name=f"Invoice {number}").click()
        lines = page.get_by_role("region", name="Lines")
        # both lines of the reseller's job, at the price of a credit; what the client's slot is for is not invoiced
        for text in ("Posting", "Renewal"):
            expect(lines.get_by_role("row").filter(has_text=text)).to_contain_text("100.00")
        expect(lines).not_to_contain_text("Crane driver")
        expect(page.get_by_role("row", name="Difference 0.00")).to_be_visible()
        lines.get_by_role("link", name="Harbour").first.click()
        expect(page.locator("main")).to_contain_text("7 at 1.50 are 10.50 USD")
        page.get_by_role("link", name=f"Invoice {number}").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="PDF").click()
        assert download.value.suggested_filename == f"{number}.pdf"
    assert list_page_faults(browser, scene, number, partner, every) == []


def list_page_faults(browser, scene: Scene, number, partner, every):
    """What is wrong with the look of the pages of the month's money."""
    xml, credentials = XmlPartner(scene.sandbox_client), scene.sandbox_client.credentials
    month = f"{scene.month:%Y-%m}"
    pages = {
        "partner-invoices": INVOICES,
        "partner-invoice": f"{INVOICES}/{number}",
        "partner-invoice-line": f"{INVOICES}/{number}/lines/3",
        "partner-contracts": CONTRACTS,
        "partner-contract": f"{CONTRACTS}/{credentials['partner_contract_id']}",
        "partner-credits": f"{CONTRACTS}/{xml.credits}",
        "partner-statements": f"/portal/partner/statements?month={month}",
        "partner-statement": f"/portal/partner/statements/customer?month={month}&customer={POSTER}",
    }
    wrong = []
    for look in LOOKS:
        size, theme = look
        with open_page(
            browser, credentials["base_url"], size, theme=theme, cookie=partner, is_judged=True
        ) as page:
            for name in list_in_look(pages, look, every):
                wrong += [(name, found) for found in list_faults_at(page, pages[name])]
                keep_picture(page, f"{name}-{size.replace(' ', '-')}-{theme}")
    return wrong
