"""Every URL in every answer opens: locations, links of pages, addresses of jobs, apply links, documents."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.sandbox_client import SandboxClient, bearer, open_sandbox_client, range_text
from tests.support.xml_partner import XmlPartner

PERSON = {"Accept": "text/html"}  # whom a page that needs a log-in leads there
BASE = "http://board.example"
FOREIGN = "careers.example.com"  # where the partner's own pages are


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in {"href", "src", "action"} and value]


def list_urls(value: Any) -> Iterator[str]:
    """The URLs in a JSON value, by the form of its texts and the names of its fields."""
    if isinstance(value, dict):
        for name, inner in value.items():
            is_url = isinstance(inner, str) and (inner.startswith(BASE) or name in {"href", "location"})
            if is_url and "/" in inner:
                yield inner
            else:
                yield from list_urls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_urls(inner)


@pytest.fixture
def sandbox(database_url: str) -> Iterator[SandboxClient]:
    with open_sandbox_client(database_url, base_url=BASE) as sandbox_client:
        yield sandbox_client


def open_url(sandbox: SandboxClient, url: str, headers: dict[str, str]) -> Any:
    path = urlsplit(url)
    assert path.netloc in {"", "board.example"}, url
    answer = sandbox.client.get(
        f"{path.path}?{path.query}" if path.query else path.path, headers=headers, follow_redirects=False
    )
    assert answer.status_code in {200, 302, 303}, (url, answer.status_code, answer.text[:200])
    return answer


def open_page(sandbox: SandboxClient, url: str) -> list[str]:
    """Opens a page and everything that it links to on this server; returns where its links lead."""
    answer = open_url(sandbox, url, PERSON)
    if answer.status_code == 302:
        return [answer.headers["location"]]
    links = Links()
    links.feed(answer.text)
    ids = set(re.findall(r'id="([^"]+)"', answer.text))
    assert {link[1:] for link in links.found if link.startswith("#")} <= ids
    own = {link for link in links.found if not link.startswith(("#", "http", "data:"))}
    return [open_url(sandbox, link, PERSON).headers.get("location", link) for link in sorted(own)]


def test_the_urls_of_the_json_api(sandbox: SandboxClient) -> None:
    places = {"alternateLocations": ["York, England, United Kingdom"]}
    rows = sandbox.batch_create([sandbox.job_element(f"j-{n}", **places) for n in range(3)])
    for row in rows:
        sandbox.task(row["id"])
        for root in ("/rest", "/v2"):
            answer = open_url(sandbox, f"{root}{row['location']}", sandbox.headers())
            assert answer.json()["id"] == row["id"]
    status = sandbox.client.get("/rest/jobPostingStatus?ids=List(j-0,j-1)", headers=sandbox.headers()).json()
    urls = list(list_urls(status))
    assert len(urls) == 2
    for url in urls:
        assert open_page(sandbox, url) == ["https://careers.example.com/apply"]


def test_the_urls_of_created_entities(sandbox: SandboxClient) -> None:
    campaign = {
        "partnerJobCampaignId": "spring", "name": "Spring", "startTime": sandbox.now_ms + 60_000,
        "contract": f"urn:li:contract:{sandbox.credentials['customer_contract_id']}",
    }  # fmt: skip
    application = {
        "uniqueForeignId": "another", "name": "Another - Partner", "description": "A customer",
        "validJsSdkDomains": ["https://another.example"],
    }  # fmt: skip
    for path, body, who in (
        ("/rest/jobCampaigns", campaign, "child"),
        ("/v2/provisionedApplications", application, "parent"),
    ):
        made = sandbox.client.post(path, json=body, headers=sandbox.headers(who))
        assert made.status_code in {201, 202}, made.text
        found = open_url(sandbox, made.headers["location"], sandbox.headers(who)).json()
        assert made.headers["x-restli-id"] in {found.get("id"), found.get("key")}


def test_the_links_of_pages_lead_through_all_of_them(sandbox: SandboxClient) -> None:
    for number in range(5):
        sandbox.post_job(f"p-{number}")
    day = sandbox.now.date()
    sandbox.advance_to_midnight()
    headers = sandbox.headers()
    url = f"/rest/partnerJobReports?q=dateRange&dateRange={range_text(day, day)}&start=0&count=2"
    seen = []
    while url:
        page = open_url(sandbox, url, headers).json()
        seen += [one["jobPostingInfo"]["externalJobPostingId"] for one in page["elements"]]
        for link in page["paging"]["links"]:
            open_url(sandbox, link["href"], headers)
        url = next((link["href"] for link in page["paging"]["links"] if link["rel"] == "next"), "")
    assert seen == [f"p-{number}" for number in range(5)]
    places = "/rest/jobPostingGeoLocations?q=search&location=s&start=2&count=3"
    for link in open_url(sandbox, places, headers).json()["paging"]["links"]:
        open_url(sandbox, link["href"], headers)


def test_the_urls_of_xml_jobs(sandbox: SandboxClient) -> None:
    partner = XmlPartner(sandbox)
    apply_at = f"<how-to-apply><application-url>https://{FOREIGN}/x</application-url></how-to-apply>"
    targets = {"x-1": f"https://{FOREIGN}/x", "x-2": "mailto:jo@customer.example"}
    for name, more in (("x-1", apply_at), ("x-2", "")):
        made = partner.post(name, partner.credits, poster="jo@customer.example", more=more)
        assert made.status_code == 201, made.text
        open_url(sandbox, made.headers["location"], bearer(sandbox.token("parent")))
        shown = partner.get(name, ":(site-job-url,site-job-request)")
        urls = [element.text or "" for element in shown.iter() if (element.text or "").startswith("http")]
        assert len(urls) >= 2
        for url in urls:
            (page,) = open_page(sandbox, url)
            assert open_page(sandbox, page) == [targets[name]]


def test_the_urls_for_job_boards_and_operators(sandbox: SandboxClient) -> None:
    job_id = sandbox.post_job("fed")
    sandbox.advance("1m")
    board_headers = bearer(sandbox.credentials["events_key"])
    operator = bearer(sandbox.credentials["operator_key"])
    changes = sandbox.client.get("/delivery/changes", headers=board_headers).json()
    snapshot = sandbox.client.get("/delivery/snapshot", headers=board_headers)
    links = sandbox.client.get(f"/operator/jobs/{job_id}/links", headers=operator).json()
    urls = [*list_urls(changes), *list_urls([links]), *re.findall(rf'{BASE}[^"\\]*', snapshot.text)]
    assert len(urls) >= 6
    for url in set(urls):
        open_page(sandbox, url)


def test_the_urls_of_documents(sandbox: SandboxClient) -> None:
    assert "/openapi.json" in open_page(sandbox, "/docs")
