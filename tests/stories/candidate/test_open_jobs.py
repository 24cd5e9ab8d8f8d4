"""Candidates' list of open jobs, the sitemap and robots.txt: live jobs that are for the public, and no others."""

import asyncio
import re
from datetime import datetime

import pytest
from lxml import etree

from jobmeter.api.candidate.sitemap import write_robots
from jobmeter.base.settings import Settings
from jobmeter.database.pool import Database
from jobmeter.job_lists.open_jobs import flow as open_jobs
from jobmeter.job_lists.open_jobs.model import SITEMAP_SPAN
from tests.support.sandbox_client import SandboxClient

BASE_URL = "https://jobs.example.com"
BROWSER = {"Accept": "text/html"}
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


switched_on = pytest.mark.parametrize(
    "sandbox_client", [{"open_jobs_page": True, "base_url": BASE_URL}], indirect=True
)


def post_all(sandbox_client: SandboxClient) -> dict[str, int]:
    jobs = {
        "open-1": sandbox_client.post_job("open-1", title="Kranführerin <b>", companyName="Docks & Söhne"),
        "open-2": sandbox_client.post_job("open-2", title="Welder"),
        "internal": sandbox_client.post_job("internal", title="Secret post", availability="INTERNAL"),
        "over": sandbox_client.post_job("over", title="Former post"),
    }
    sandbox_client.close_job("over")
    sandbox_client.advance("1s")
    return jobs


def read_locations(sandbox_client: SandboxClient, path: str) -> list[str]:
    answer = sandbox_client.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    return [found.text or "" for found in etree.fromstring(answer.content).iter(f"{NAMESPACE}loc")]


def list_shown(sandbox_client: SandboxClient, query: str = "") -> list[int]:
    answer = sandbox_client.client.get(f"/jobs{query}", headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return [int(number) for number in re.findall(r'href="/jobs/view/(\d+)"', answer.text)]


@switched_on
def test_open_jobs_are_listed_newest_first_and_found(sandbox_client: SandboxClient) -> None:
    jobs = post_all(sandbox_client)
    assert list_shown(sandbox_client) == [jobs["open-2"], jobs["open-1"]]
    assert list_shown(sandbox_client, "?search=KRANFUHRER") == [jobs["open-1"]]
    assert list_shown(sandbox_client, "?search=sohne") == [jobs["open-1"]]
    assert list_shown(sandbox_client, "?search=leeds") == [jobs["open-2"], jobs["open-1"]]
    assert list_shown(sandbox_client, "?search=post") == []
    assert list_shown(sandbox_client, f"?before={jobs['open-2']}") == [jobs["open-1"]]
    assert list_shown(sandbox_client, f"?after={jobs['open-1']}") == [jobs["open-2"]]
    page = sandbox_client.client.get("/jobs?search=%3Cscript%3E", headers=BROWSER).text
    assert "<script>" not in page
    assert 'content="noindex, follow"' in page
    assert "Kranführerin &lt;b&gt;" in sandbox_client.client.get("/jobs", headers=BROWSER).text
    redirect = sandbox_client.client.get("/jobs?jobId=7", follow_redirects=False)
    assert (redirect.status_code, redirect.headers["location"]) == (302, "/jobs/view/7")


@switched_on
def test_the_sitemap_has_live_public_jobs_only(sandbox_client: SandboxClient) -> None:
    jobs = post_all(sandbox_client)
    (file,) = read_locations(sandbox_client, "/sitemap.xml")
    assert file == f"{BASE_URL}/sitemaps/{jobs['open-1'] // SITEMAP_SPAN}.xml"
    path = file.removeprefix(BASE_URL)
    assert sorted(read_locations(sandbox_client, path)) == sorted(
        f"{BASE_URL}/jobs/view/{jobs[name]}" for name in ("open-1", "open-2")
    )
    lastmod = re.findall(r"<lastmod>(.+?)</lastmod>", sandbox_client.client.get(path).text)
    assert [len(text) for text in lastmod] == [len("2026-11-29T12:00:00Z")] * 2
    for number in (0, 10**12, 10**17):
        assert sandbox_client.client.get(f"/sitemaps/{number}.xml").status_code == 404


@switched_on
def test_a_file_is_read_in_parts(sandbox_client: SandboxClient, database_url: str) -> None:
    jobs = post_all(sandbox_client)
    parts = asyncio.run(read_parts(database_url, jobs["open-1"] // SITEMAP_SPAN, sandbox_client.now))
    assert parts == [[jobs["open-1"]], [jobs["open-2"]]]


async def read_parts(database_url: str, number: int, now: datetime) -> list[list[int]]:
    async with Database.opened(database_url, connections_max=1) as database:
        parts = open_jobs.stream_sitemap(database, number, now=now, rows_max=1)
        return [[job.job_id for job in part] async for part in parts]


def test_a_sandbox_is_not_found_and_a_board_shows_its_jobs() -> None:
    assert write_robots(Settings(sandbox=True)) == "User-agent: *\nDisallow: /\n"
    robots = write_robots(Settings(base_url=BASE_URL))
    assert robots.splitlines()[0] == "User-agent: *"
    assert {"Allow: /jobs/view/", "Disallow: /", f"Sitemap: {BASE_URL}/sitemap.xml"} <= set(
        robots.splitlines()
    )


def test_without_the_setting_there_is_no_list(
    sandbox_client: SandboxClient,
) -> None:
    assert sandbox_client.client.get("/jobs", headers=BROWSER).status_code == 404
    assert sandbox_client.client.get("/robots.txt").headers["content-type"].startswith("text/plain")
