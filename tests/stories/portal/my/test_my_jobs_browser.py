"""Members' pages in a browser: at each width, light and dark, with hard texts; by axe, by eye, and without script."""

import httpx2
import pytest

from jobmeter.people.model import Role
from tests.stories.candidate.hard_texts import TEXTS
from tests.stories.portal.browser import (
    LOOKS,
    WITHOUT_SCRIPT,
    keep_picture,
    list_faults_at,
    list_in_look,
    one_journey,
    open_browser,
    open_page,
    open_site,
    use_session,
)
from tests.stories.portal.my.scene import post_jobs
from tests.stories.portal.sessions import list_grants, log_in
from tests.support.sandbox_client import SandboxClient
from tests.support.scenario import one_of
from tests.support.xml_partner import POSTER

LIST = "/portal/my/jobs"


@pytest.fixture(scope="module")
def site(cluster_url, tmp_path_factory):
    """A sandbox in a process of its own, in which a poster has jobs of each kind and with every hard text."""
    with (
        open_site(cluster_url, tmp_path_factory.mktemp("my-jobs")) as (url, credentials),
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        sandbox_client = SandboxClient(client, credentials)
        jobs = post_jobs(sandbox_client)
        for number, (title, description, *_) in enumerate(TEXTS.values()):
            changed = {"title": title, "description": description, "posterEmail": POSTER}
            sandbox_client.post_job(f"hard-{number}", **changed)
        for day in range(4):
            sandbox_client.send_clicks(jobs["clicks"], 3 + day, prefix=f"day-{day}-")
            sandbox_client.advance_to_midnight()
        grant = list_grants(credentials)[Role.CUSTOMER]
        tokens = {
            "poster": log_in(url, email=POSTER),
            "customer": log_in(url, grant, email="boss@customer.example"),
            "seat": log_in(url, email="recruiter@client.example"),
        }
        yield credentials["base_url"], tokens, jobs


@pytest.fixture(scope="module")
def browser(site):
    with open_browser() as opened:
        yield opened


def list_pages(jobs):
    """Each page with who opens it, and its status."""
    clicks, credit = (f"{LIST}/{jobs[name]}" for name in ("clicks", "credit"))
    return {
        "my-jobs": (f"{LIST}?state=all", "poster", 200),
        "my-jobs-none": (f"{LIST}?q=nothing", "poster", 200),
        "my-job": (clicks, "customer", 200),
        "my-job-views": (f"{clicks}?show=views", "customer", 200),
        "my-job-credit": (f"{credit}?done=job-edited", "poster", 200),
        "my-job-edit": (f"{clicks}/edit", "customer", 200),
        "my-job-close": (f"{clicks}/close", "customer", 200),
        "my-job-denied": (f"{credit}/renew", "poster", 403),
        "my-slots": ("/portal/my/slots", "customer", 200),
    }


@one_of(2)
@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_page_of_a_member_is_readable_by_everybody(browser, site, look, every):
    base_url, tokens, jobs = site
    (size, theme), wrong, pages = look, [], list_pages(jobs)
    with open_page(browser, base_url, size, theme=theme, is_judged=True) as page:
        for name in list_in_look(pages, look, every):
            path, who, status = pages[name]
            use_session(page, base_url, tokens[who])
            wrong += [(name, found) for found in list_faults_at(page, path, status)]
            keep_picture(page, f"{name}-{size.replace(' ', '-')}-{theme}")
    assert wrong == []


@one_journey(WITHOUT_SCRIPT)
def test_a_job_is_edited_and_closed_by_clicking(browser, site, size, has_script):
    base_url, tokens, _ = site
    name = "With script" if has_script else "Without script"
    with open_page(browser, base_url, size, cookie=tokens["poster"], has_script=has_script) as page:
        page.goto(f"{LIST}?q=hard-{0 if has_script else 1}")
        page.get_by_role("link", name="Edit").first.click()
        page.get_by_label("Title").fill("")
        page.get_by_role("button", name="Save").click()
        assert page.title().startswith("Error: ")
        page.get_by_role("link", name="Enter a title").click()
        page.get_by_label("Title").fill(name)
        page.get_by_role("button", name="Save").click()
        assert page.get_by_role("status").inner_text() == "The job is saved, and its agency is notified"
        assert page.get_by_role("heading", level=1).inner_text() == name
        page.get_by_role("link", name="Close…").click()
        page.get_by_role("button", name="Close the job").click()
        assert "The job is closed" in page.get_by_role("status").inner_text()
        assert page.get_by_role("link", name="Edit").count() == 0
