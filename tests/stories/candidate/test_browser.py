"""The pages in a browser: no text is wider than a phone, nothing is loaded from elsewhere, nothing is reported."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.stories.candidate.hard_texts import TEXTS
from tests.stories.portal.browser import (
    LOOKS,
    is_wider,
    keep_picture,
    list_faults,
    list_too_small,
    open_browser,
    open_site,
)
from tests.stories.portal.browser import open_page as open_any_page
from tests.support.sandbox_client import SandboxClient


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox in a process of its own with one live job for each hard text; returns the client and the jobs."""
    with (
        open_site(cluster_url, tmp_path_factory.mktemp("site"), JOBMETER_OPEN_JOBS_PAGE="true") as (
            _,
            credentials,
        ),
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        sandbox_client = SandboxClient(client, credentials)
        elements = [
            sandbox_client.job_element(
                name,
                title=text.title,
                description=text.description,
                employmentStatus="FULL_TIME",
                compensation={"compensations": [{"period": "YEARLY", "value": {"exactAmount": PAY}}]},
            )
            for name, text in TEXTS.items()
        ]
        rows = sandbox_client.batch_create([*elements, sandbox_client.job_element("over")])
        tasks = [sandbox_client.task(row["id"]) for row in rows]
        jobs = {task["externalJobPostingId"]: int(task["jobPosting"].rsplit(":", 1)[-1]) for task in tasks}
        sandbox_client.close_job("over")
        yield sandbox_client, jobs


PAY = {"currencyCode": "EUR", "amount": "62000.00"}


@pytest.fixture(scope="module")
def browser(site):
    with open_browser() as opened:
        yield opened


def open_page(browser, site, size, theme="dark"):
    return open_any_page(browser, str(site[0].client.base_url), size, theme=theme)


SHOWN = """() => {
    const html = document.documentElement, heading = document.querySelector("h1")
    return {
        language: html.lang, direction: html.dir, heading: heading.innerText, title: document.title,
        heading_direction: getComputedStyle(heading).direction, apply: document.querySelector("a.apply").innerText,
    }
}"""


@pytest.mark.long
def test_every_text_fits_every_width_and_has_its_language_and_direction(browser, site):
    _, jobs = site
    with open_page(browser, site, "phone") as page:
        for name, text in TEXTS.items():
            assert page.goto(f"/jobs/view/{jobs[name]}").status == 200, name
            shown = page.evaluate(SHOWN)
            assert shown.pop("title").startswith(text.title.split()[0][:30]), name
            assert shown == {
                "language": text.language,
                "direction": text.direction,
                "heading": " ".join(text.title.split()),
                "heading_direction": text.direction,
                "apply": text.apply,
            }, name
            assert list_too_small(page) == [], name


def test_a_page_shows_date_kind_pay_and_lines(browser, site):
    _, jobs = site
    with open_page(browser, site, "phone") as page:
        page.goto(f"/jobs/view/{jobs['english']}")
        facts = page.locator(".facts").inner_text()
        assert all(part in facts for part in ("Full time", "€62,000.00 a year", "Posted", "Apply until"))
        assert page.locator("time").count() == 2
        page.goto(f"/jobs/view/{jobs['longest german title']}")
        facts = page.locator(".facts").inner_text()
        assert all(
            part in facts for part in ("Vollzeit", "62.000,00\u00a0€", "Veröffentlicht", "Bewerben bis")
        )
        page.goto(f"/jobs/view/{jobs['lines']}")
        assert "\n\n* first\n* second\n\n" in page.locator(".plain").inner_text()


def test_a_page_follows_the_theme_of_the_reader(browser, site):
    _, jobs = site
    with open_page(browser, site, "phone", "light") as page:
        for path in (f"/jobs/view/{jobs['english']}", "/", "/docs", "/jobs/view/77"):
            page.goto(path)
            grounds = []
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert grounds == ["rgb(245, 247, 248)", "rgb(14, 21, 26)"], path


@pytest.mark.long
def test_the_other_pages_fit_every_width(browser, site):
    sandbox_client, jobs = site
    gone = f"/jobs/view/{jobs['over']}"
    with open_page(browser, site, "phone") as page:
        for path, status in (
            ("/", 200),
            ("/docs", 200),
            (gone, 410),
            ("/jobs/view/77", 404),
            ("/nothing/here", 404),
        ):
            assert page.goto(path).status == status, path
            assert page.locator("h1").count() == 1, path
            assert list_too_small(page) == [], path
        page.goto(gone)
        assert "no longer accepts" in page.inner_text("main")
        assert page.locator("a.apply").count() == 0
    assert sandbox_client.now


@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_open_jobs_are_searched_at_every_width(browser, site, size, theme):
    _, jobs = site
    with open_page(browser, site, size, theme) as page:
        expect(page.goto("/jobs") and page.locator(".jobs li")).to_have_count(len(jobs) - 1)
        assert list_faults(page) == []
        keep_picture(page, f"open-jobs-{size}-{theme}")
        page.get_by_label("Title, company or place").fill("no such job")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".none")).to_contain_text("no such job")
        assert is_wider(page) is False
        keep_picture(page, f"open-jobs-none-{size}-{theme}")
        page.get_by_role("link", name="All open jobs").click()
        page.locator(".jobs a").first.click()
        expect(page.locator("article h1")).to_be_visible()


def test_the_endpoints_can_be_searched(browser, site):
    with open_page(browser, site, "desk") as page:
        page.goto("/docs")
        every = page.locator("details.endpoint:visible").count()
        page.get_by_role("searchbox").fill("webhook")
        shown = page.locator("details.endpoint:visible")
        assert 0 < shown.count() < every / 3
        assert all("webhook" in text.lower() for text in shown.all_inner_texts())
        page.get_by_role("searchbox").fill("")
        assert page.locator("details.endpoint:visible").count() == every
