"""The page, the apply link and the pixel that candidates open. Each is counted before the response is sent."""

import json
import re

import numpy as np
import psycopg
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from jobmeter.api.candidate.pages import VISITOR_COOKIE, serialize_address, write_visitor_cookie
from jobmeter.metering.intake.model import find_address
from jobmeter.metering.pseudonyms.rules import reveal
from jobmeter.wire.links import make_link_token, read_link_token
from tests.support.sandbox_client import SandboxClient, bearer, open_sandbox_client

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def links(sandbox_client: SandboxClient, job_id: int) -> dict[str, str]:
    answer = sandbox_client.client.get(
        f"/operator/jobs/{job_id}/links", headers=bearer(sandbox_client.credentials["operator_key"])
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(sandbox_client: SandboxClient, external_id: str) -> tuple[int, int, str]:
    day = sandbox_client.now.date()
    sandbox_client.advance_to_midnight()
    report = sandbox_client.report_by_ids(external_id, days=(day, day)).json()["results"][external_id]
    (row,) = report["jobPerformanceMetrics"]
    return row["viewCount"], row["applyClickCount"], row["charge"]["amount"]


@pytest.mark.parametrize(
    "visitor", ["0a1b2c", "Zoë", "a b", 'a"; Domain=evil.example', "x\u00e9", "1;2", "-"]
)
@pytest.mark.parametrize("is_secure", [False, True])
def test_the_visitor_cookie_is_written_as_the_library_writes_it(visitor: str, *, is_secure: bool) -> None:
    expected, written = Response(), Response()
    expected.set_cookie(
        VISITOR_COOKIE, visitor, max_age=86_400, httponly=True, samesite="lax", secure=is_secure
    )
    write_visitor_cookie(written, visitor, is_secure=is_secure)
    assert written.raw_headers == expected.raw_headers


def test_page_link_and_pixel_are_counted_and_clicks_charged(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("seen")
    paths = links(sandbox_client, job_id)

    page = sandbox_client.client.get(paths["view"], headers=BROWSER)
    sandbox_client.client.get(paths["pixel"], headers=BROWSER)
    click = sandbox_client.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)

    assert page.status_code == 200
    assert paths["apply"].rsplit("/", 1)[-1] in page.text
    assert (click.status_code, click.headers["location"]) == (302, "https://careers.example.com/apply")
    assert figures(sandbox_client, "seen") == (2, 1, "1.50")


def test_the_page_describes_the_job_for_search_engines_and_runs_no_script(
    sandbox_client: SandboxClient,
) -> None:
    hostile = "<script>alert(1)</script><b>Bold</b> </script><img src=x onerror=alert(2)> " + "work " * 30
    job_id = sandbox_client.post_job("hostile", description=hostile, title="Fitter </script><script>alert(3)")

    answer = sandbox_client.client.get(f"/jobs/view/{job_id}", headers=BROWSER)
    page = answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")

    (structured,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    found = json.loads(structured)
    assert found["@type"] == "JobPosting"
    assert found["title"] == "Fitter </script><script>alert(3)"
    assert found["hiringOrganization"]["name"] == "Harbour Logistics"
    assert found["jobLocation"]["address"] == {
        "@type": "PostalAddress",
        "addressLocality": "Leeds",
        "addressRegion": "England",
        "addressCountry": "GB",
    }
    assert page.count("<script") == 1
    assert "onerror" not in page
    assert "<b>Bold</b>" in page


def test_the_partner_s_pixel_is_on_the_page(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("pixel", trackingPixelUrl="https://pixel.example.com/p?a=1&b=2")
    page = sandbox_client.client.get(f"/jobs/view/{job_id}", headers=BROWSER).text
    assert 'src="https://pixel.example.com/p?a=1&amp;b=2"' in page


def test_a_crawler_is_redirected_and_not_charged(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("crawled")
    paths = links(sandbox_client, job_id)
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    sandbox_client.client.get(paths["view"], headers=BROWSER)
    assert (
        sandbox_client.client.get(paths["apply"], headers=crawler, follow_redirects=False).status_code == 302
    )
    assert figures(sandbox_client, "crawled") == (1, 0, "0.00")


def test_a_closed_job_has_no_apply_link(sandbox_client: SandboxClient) -> None:
    job_id = sandbox_client.post_job("over", trackingPixelUrl="https://pixel.example.com/p")
    paths = links(sandbox_client, job_id)
    sandbox_client.close_job("over")
    assert (
        sandbox_client.client.get(paths["apply"], headers=BROWSER, follow_redirects=False).status_code == 410
    )
    page = sandbox_client.client.get(paths["view"], headers=BROWSER).text
    assert "no longer accepts" in page
    # neither search engines nor the distributor can take the job for an open one
    assert "JobPosting" not in page
    assert "pixel.example.com" not in page
    shown = sandbox_client.client.get(
        paths["apply"], headers=BROWSER | {"Accept": "text/html,*/*"}, follow_redirects=False
    )
    assert (shown.status_code, shown.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "no longer accepts" in shown.text


@pytest.mark.parametrize("bend", ["swap", "cut", "other purpose", "garbage", "empty signature"])
def test_an_altered_link_is_refused(sandbox_client: SandboxClient, bend: str) -> None:
    token = links(sandbox_client, sandbox_client.post_job("bent"))["apply"].rsplit("/", 1)[-1]
    bent = {
        "swap": ("A" if token[0] != "A" else "B") + token[1:],
        "cut": token[:-1],
        "other purpose": links(sandbox_client, sandbox_client.post_job("bent-2"))["pixel"].rsplit("/", 1)[-1][
            : -len(".gif")
        ],
        "garbage": "https:%2F%2Fevil.example",
        "empty signature": token[:11],
    }[bend]
    answer = sandbox_client.client.get(f"/jobs/apply/{bent}", headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 404
    assert "location" not in answer.headers


HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/jobs/view/77", 404),
        ("/jobs/view/x", 404),
        ("/jobs/apply/x", 404),
        ("/nowhere", 404),
        ("/", 200),
        ("/docs", 200),
    ],
)
def test_people_get_pages_and_programs_get_json(
    path: str, status: int, sandbox_client: SandboxClient
) -> None:
    page = sandbox_client.client.get(path, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert page.text.count("<h1>") == 1
    assert "default-src 'none'" in page.headers["content-security-policy"]
    if path != "/docs":
        for accept in ("*/*", "application/json", "text/html;q=0", "text/htmlx"):
            other = sandbox_client.client.get(path, headers={"Accept": accept})
            assert other.status_code == status, accept
            assert other.json(), accept


def test_a_prefetched_apply_link_is_a_page_that_does_not_reload(sandbox_client: SandboxClient) -> None:
    """Reloading it would count a click that nobody made."""
    path = links(sandbox_client, sandbox_client.post_job("prefetched"))["apply"]
    page = sandbox_client.client.get(path, headers=BROWSER | HTML | {"Sec-Purpose": "prefetch"})
    assert (page.status_code, page.headers["retry-after"], "http-equiv" in page.text) == (503, "1", False)


def test_an_unknown_job_has_no_page(sandbox_client: SandboxClient) -> None:
    assert sandbox_client.client.get("/jobs/view/77", headers=BROWSER).status_code == 404
    assert sandbox_client.client.get(f"/jobs/view/{2**70}", headers=BROWSER).status_code == 404


@pytest.mark.parametrize(
    ("location", "country", "expected"),
    [
        ("Germany", "", {"addressCountry": "DE"}),
        ("Paris", "US", {"addressLocality": "Paris", "addressCountry": "US"}),
        ("Leeds", "GB", {"addressLocality": "Leeds", "addressRegion": "England", "addressCountry": "GB"}),
        (
            "Kleinkleckersdorf, Germany",
            "",
            {"addressLocality": "Kleinkleckersdorf, Germany", "addressCountry": "DE"},
        ),
        ("Somewhere", "", {"addressLocality": "Somewhere"}),
    ],
)
def test_an_address_has_the_parts_that_are_known(
    location: str, country: str, expected: dict[str, str]
) -> None:
    assert serialize_address(location, country) == {"@type": "PostalAddress"} | expected


XML_JOB = """<job>
  <partner-job-id>{key}</partner-job-id><contract-id>{contract}</contract-id>
  <company><name>Harbour Logistics</name></company>
  <position>
    <title>Fitter</title><description>{description}</description>
    <location><country><code>gb</code></country><name>Leeds</name></location>
  </position>
  {apply}<tracking-pixel-url>https://pixel.example.com/xml</tracking-pixel-url>
</job>"""
APPLY = "<how-to-apply><application-url>https://careers.example.com/xml</application-url></how-to-apply>"


def post_xml(
    sandbox_client: SandboxClient, key: str, apply: str, description: str = "Repairs what broke."
) -> int:
    contract = next(
        row["id"] for row in sandbox_client.credentials["hiring_contracts"] if row["kind"] == "SLOTS"
    )
    answer = sandbox_client.client.post(
        "/v1/jobs",
        content=XML_JOB.format(key=key, contract=contract, apply=apply, description=description),
        headers=bearer(sandbox_client.token()) | {"Content-Type": "text/xml"},
    )
    assert answer.status_code == 201, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[-1])


def test_a_job_posted_as_xml_is_shown_and_counted_but_never_charged(
    sandbox_client: SandboxClient, database_url: str
) -> None:
    job_id = post_xml(sandbox_client, "xml-1", APPLY)
    paths = links(sandbox_client, job_id)

    page = sandbox_client.client.get(paths["view"], headers=BROWSER).text
    click = sandbox_client.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)

    assert "Repairs what broke." in page
    assert 'src="https://pixel.example.com/xml"' in page
    assert click.headers["location"] == "https://careers.example.com/xml"
    with psycopg.connect(database_url) as connection:
        figures = connection.execute(
            "SELECT views, apply_clicks, charge_micros FROM job_day_sums WHERE job_id = %s", [job_id]
        ).fetchall()
    assert figures == [(1, 1, 0)]
    answer = sandbox_client.client.get(
        "/v2/jobPostingStatus?ids=xml-1", headers=bearer(sandbox_client.token())
    )
    status = answer.json()["results"]["xml-1"]
    assert (status["listingStatus"], status["rawLocation"]) == ("LISTED", "Leeds")
    assert status["jobPostingUrl"].endswith(f"/jobs/view/{job_id}")


def test_a_job_without_an_apply_address_is_applied_for_by_e_mail_to_its_poster(
    sandbox_client: SandboxClient,
) -> None:
    """The poster is named on the page only if the posting asks for that."""
    for name, display in (("xml-2", ""), ("xml-3", "<poster><display>true</display></poster>")):
        paths = links(sandbox_client, post_xml(sandbox_client, name, display))
        page = sandbox_client.client.get(paths["view"], headers=BROWSER).text
        assert paths["apply"].rpartition("/")[2] in page
        answer = sandbox_client.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)
        assert answer.status_code == 302
        poster = answer.headers["location"].removeprefix("mailto:")
        assert "@" in poster
        assert (f"Posted by {poster}" in page) == bool(display)


def test_who_posted_a_job_is_named_in_the_language_of_the_job(sandbox_client: SandboxClient) -> None:
    shown = "<poster><display>true</display></poster>"
    german = "Sie reparieren die Anlagen und arbeiten mit dem Team im Hafen; wir bieten eine gute Bezahlung."
    paths = links(sandbox_client, post_xml(sandbox_client, "xml-4", shown, german))
    page = sandbox_client.client.get(paths["view"], headers=BROWSER).text
    assert "Veröffentlicht von " in page
    assert "Posted by" not in page


def test_a_head_request_is_not_counted(sandbox_client: SandboxClient) -> None:
    """Mail scanners, previews and link checkers send HEAD; each was once charged as a click."""
    paths = links(sandbox_client, sandbox_client.post_job("checked"))
    for path in paths.values():
        assert sandbox_client.client.head(path, headers=BROWSER, follow_redirects=False).status_code in {
            200,
            302,
        }
    sandbox_client.client.get(paths["view"], headers=BROWSER)
    assert figures(sandbox_client, "checked") == (1, 0, "0.00")


def test_what_is_loaded_ahead_is_not_counted(sandbox_client: SandboxClient) -> None:
    paths = links(sandbox_client, sandbox_client.post_job("ahead"))
    values = ("prefetch", "Prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", "preview")
    for header in ("Sec-Purpose", "Purpose", "X-Purpose", "x-purpose", "X-Moz"):
        for value in values:
            ahead = BROWSER | {header: value}
            answer = sandbox_client.client.get(paths["apply"], headers=ahead, follow_redirects=False)
            assert answer.status_code == 503, (header, value)
            assert "location" not in answer.headers
            for name in ("view", "pixel"):
                assert sandbox_client.client.get(paths[name], headers=ahead).status_code == 200
    sandbox_client.client.get(paths["view"], headers=BROWSER)
    assert figures(sandbox_client, "ahead") == (1, 0, "0.00")


# What a proxy says, and the address of the candidate.
FORWARDED = {
    "": None,  # the proxy's own address
    "203.0.113.9": "203.0.113.0",
    "198.51.100.7, 203.0.113.9": "203.0.113.0",  # an address claimed by the candidate is ignored
    "203.0.113.9, 10.1.2.3": "203.0.113.0",  # another trusted proxy
    "203.0.113.9:4711": "203.0.113.0",
    "unknown": None,
    "10.1.2.3": None,
}


def test_the_candidate_s_address_is_found_behind_proxies(database_url: str) -> None:
    with open_sandbox_client(database_url, trusted_proxies="192.0.2.1,10.0.0.0/8") as sandbox_client:
        jobs = [sandbox_client.post_job(f"proxied-{number}") for number in range(len(FORWARDED))]
        paths = [links(sandbox_client, job_id)["apply"] for job_id in jobs]
        app = sandbox_client.client.app
        with TestClient(app, base_url="http://board.example", client=("192.0.2.1", 1)) as proxy:
            for path, forwarded in zip(paths, FORWARDED, strict=True):
                headers = BROWSER | ({"X-Forwarded-For": forwarded} if forwarded else {})
                assert proxy.get(path, headers=headers, follow_redirects=False).status_code == 302
    expected = [find_address(address) if address else 0 for address in FORWARDED.values()]
    assert read_addresses(database_url) == dict(zip(jobs, expected, strict=True))


def read_addresses(database_url: str) -> dict[int, int]:
    """The network that each job's event came from, without the salt of its day."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT job_id, address, salt FROM events JOIN visitor_salts"
            " ON day = (to_timestamp(event_key_ms(event_key) / 1000) AT TIME ZONE 'UTC')::date"
        ).fetchall()
    return {job_id: reveal(np.array([address]), salt).item() for job_id, address, salt in rows}


def test_only_a_trusted_proxy_can_state_the_candidate_s_address(database_url: str) -> None:
    with open_sandbox_client(database_url) as sandbox_client:
        job_id = sandbox_client.post_job("direct")
        path = links(sandbox_client, job_id)["apply"]
        with TestClient(
            sandbox_client.client.app, base_url="http://board.example", client=("192.0.2.1", 1)
        ) as direct:
            direct.get(path, headers=BROWSER | {"X-Forwarded-For": "203.0.113.9"}, follow_redirects=False)
    assert read_addresses(database_url) == {job_id: find_address("192.0.2.1")}


def test_without_a_secret_key_there_are_pages_and_no_apply_links(database_url: str) -> None:
    """The pages and the promotion feed once failed without a key."""
    with open_sandbox_client(database_url, secret_key="") as sandbox_client:
        job_id = sandbox_client.post_job("no-key")
        assert links(sandbox_client, job_id) == {
            "view": f"/jobs/view/{job_id}",
            "apply": None,
            "pixel": None,
        }
        page = sandbox_client.client.get(f"/jobs/view/{job_id}", headers=BROWSER)
        assert (page.status_code, "/jobs/apply/" in page.text) == (200, False)
        assert sandbox_client.client.get("/jobs/apply/AAAAAP1Lw6IROuiCnEY5S1HRMjA").status_code == 404
        # A chore writes the feed: the first request waits for it.
        for path in ("changes?after=0&wait=30", "snapshot"):
            answer = sandbox_client.client.get(
                f"/delivery/{path}", headers=bearer(sandbox_client.credentials["events_key"])
            )
            assert '"apply":null' in answer.text


def test_links_stay_valid_while_the_secret_key_is_changed() -> None:
    """A new key is put before the old one; links that boards already show must stay valid."""
    old = make_link_token(7, purpose="apply", key="old")
    assert old is not None
    assert read_link_token(old, purpose="apply", key="new, old") == 7
    assert read_link_token(old, purpose="apply", key="new") is None
    new = make_link_token(7, purpose="apply", key="new, old")
    assert new == make_link_token(7, purpose="apply", key="new")
    assert read_link_token(old, purpose="pixel", key="old") is None
    assert make_link_token(7, purpose="apply", key=" , ") is None
