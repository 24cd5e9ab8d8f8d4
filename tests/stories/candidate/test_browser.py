"""The pages in a browser: no text is wider than a phone, nothing is loaded from elsewhere, nothing is reported."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.conftest import TEMPLATE, make_database
from tests.stories.candidate.hard_texts import TEXTS
from tests.stories.portal.browser import (
    LOOKS,
    is_wider,
    keep_picture,
    list_faults,
    list_too_small,
    open_browser,
)
from tests.stories.portal.browser import open_page as open_any_page
from tests.support.missing_part import find_programs
from tests.support.sandbox_client import SandboxClient
from tests.support.server_process import start_sandbox_server


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox in a process of its own with one live job for each hard text; returns the client and the jobs."""
    find_programs("chromium")
    made = make_database(cluster_url, TEMPLATE)
    with (
        start_sandbox_server(
            next(made), tmp_path_factory.mktemp("site"), JOBMETER_OPEN_JOBS_PAGE="true"
        ) as credentials,
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
    made.close()


PAY = {"currencyCode": "EUR", "amount": "62000.00"}


@pytest.fixture(scope="module")
def browser(site):
    with open_browser() as opened:
        yield opened


def open_page(browser, site, size, theme="dark"):
    return open_any_page(browser, str(site[0].client.base_url), size, theme=theme)


def test_every_text_fits_every_width(browser, site):
    _, jobs = site
    with open_page(browser, site, "phone") as page:
        wider = []
        for name, job_id in jobs.items():
            answer = page.goto(f"/jobs/view/{job_id}")
            assert answer.status == (410 if name == "over" else 200), name
            wider += [(name, size) for size in list_too_small(page)]
    assert wider == []


def test_a_page_has_the_language_and_the_direction_of_its_text(browser, site):
    _, jobs = site
    with open_page(browser, site, "phone") as page:
        for name, text in TEXTS.items():
            page.goto(f"/jobs/view/{jobs[name]}")
            html = page.locator("html")
            assert (html.get_attribute("lang"), html.get_attribute("dir")) == (
                text.language,
                text.direction,
            ), name
            assert (
                page.locator("h1").evaluate("element => getComputedStyle(element).direction")
                == text.direction
            )
            assert page.locator("a.apply").inner_text() == text.apply, name
            assert page.locator("h1").inner_text() == " ".join(text.title.split()), name
            assert page.title().startswith(text.title.split()[0][:30])


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
    grounds = []
    for theme in ("light", "dark"):
        with open_page(browser, site, "phone", theme) as page:
            for path in (f"/jobs/view/{jobs['english']}", "/", "/docs", "/jobs/view/77"):
                page.goto(path)
                grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(245, 247, 248)"] * 4 + ["rgb(14, 21, 26)"] * 4


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
