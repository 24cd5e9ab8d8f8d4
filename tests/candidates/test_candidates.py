"""What a candidate opens: the page, the apply link, the pixel. Each is counted before it is answered."""

import json
import re

import psycopg
import pytest

from tests.board import Board, bearer

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def links(board: Board, job_id: int) -> dict[str, str]:
    answer = board.client.get(
        f"/operator/jobs/{job_id}/links", headers=bearer(board.credentials["operator_key"])
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(board: Board, external_id: str) -> tuple[int, int, str]:
    day = board.now.date()
    board.advance_to_midnight()
    report = board.report_by_ids(external_id, days=(day, day)).json()["results"][external_id]
    (row,) = report["jobPerformanceMetrics"]
    return row["viewCount"], row["applyClickCount"], row["charge"]["amount"]


def test_page_link_and_pixel_are_counted_and_charged(board: Board) -> None:
    job_id = board.post_job("seen")
    paths = links(board, job_id)

    page = board.client.get(paths["view"], headers=BROWSER)
    board.client.get(paths["pixel"], headers=BROWSER)
    click = board.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)

    assert page.status_code == 200
    assert paths["apply"].rsplit("/", 1)[-1] in page.text
    assert (click.status_code, click.headers["location"]) == (302, "https://careers.example.com/apply")
    assert figures(board, "seen") == (2, 1, "1.50")


def test_the_page_tells_search_engines_of_the_job_and_no_script_gets_in(board: Board) -> None:
    hostile = "<script>alert(1)</script><b>Bold</b> </script><img src=x onerror=alert(2)> " + "work " * 30
    job_id = board.post_job("hostile", description=hostile, title="Fitter </script><script>alert(3)")

    page = board.client.get(f"/jobs/view/{job_id}", headers=BROWSER).text

    (structured,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    found = json.loads(structured)
    assert found["@type"] == "JobPosting"
    assert found["title"] == "Fitter </script><script>alert(3)"
    assert found["hiringOrganization"]["name"] == "Harbour Logistics"
    assert page.count("<script") == 1
    assert "onerror" not in page
    assert "<b>Bold</b>" in page


def test_the_partners_pixel_stands_on_the_page(board: Board) -> None:
    job_id = board.post_job("pixel", trackingPixelUrl="https://pixel.example.com/p?a=1&b=2")
    page = board.client.get(f"/jobs/view/{job_id}", headers=BROWSER).text
    assert 'src="https://pixel.example.com/p?a=1&amp;b=2"' in page


def test_a_crawler_is_led_on_and_not_charged(board: Board) -> None:
    job_id = board.post_job("crawled")
    paths = links(board, job_id)
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    board.client.get(paths["view"], headers=BROWSER)
    assert board.client.get(paths["apply"], headers=crawler, follow_redirects=False).status_code == 302
    assert figures(board, "crawled") == (1, 0, "0.00")


def test_a_closed_job_leads_nowhere(board: Board) -> None:
    job_id = board.post_job("over")
    paths = links(board, job_id)
    board.close_job("over")
    assert board.client.get(paths["apply"], headers=BROWSER, follow_redirects=False).status_code == 410
    assert "no longer accepts" in board.client.get(paths["view"], headers=BROWSER).text


@pytest.mark.parametrize("bend", ["swap", "cut", "other purpose", "garbage", "empty signature"])
def test_a_bent_link_is_refused(board: Board, bend: str) -> None:
    token = links(board, board.post_job("bent"))["apply"].rsplit("/", 1)[-1]
    bent = {
        "swap": ("A" if token[0] != "A" else "B") + token[1:],
        "cut": token[:-1],
        "other purpose": links(board, board.post_job("bent-2"))["pixel"].rsplit("/", 1)[-1][: -len(".gif")],
        "garbage": "https:%2F%2Fevil.example",
        "empty signature": token[:11],
    }[bend]
    answer = board.client.get(f"/jobs/apply/{bent}", headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_an_unknown_job_has_no_page(board: Board) -> None:
    assert board.client.get("/jobs/view/77", headers=BROWSER).status_code == 404
    assert board.client.get(f"/jobs/view/{2**70}", headers=BROWSER).status_code == 404


XML_JOB = """<job>
  <partner-job-id>{key}</partner-job-id><contract-id>{contract}</contract-id>
  <company><name>Harbour Logistics</name></company>
  <position>
    <title>Fitter</title><description>Mends what broke.</description>
    <location><country><code>gb</code></country><name>Leeds</name></location>
  </position>
  {apply}<tracking-pixel-url>https://pixel.example.com/xml</tracking-pixel-url>
</job>"""
APPLY = "<how-to-apply><application-url>https://careers.example.com/xml</application-url></how-to-apply>"


def post_xml(board: Board, key: str, apply: str) -> int:
    contract = next(row["id"] for row in board.credentials["hiring_contracts"] if row["kind"] == "SLOTS")
    answer = board.client.post(
        "/v1/jobs",
        content=XML_JOB.format(key=key, contract=contract, apply=apply),
        headers=bearer(board.token()) | {"Content-Type": "text/xml"},
    )
    assert answer.status_code == 201, answer.text
    return int(answer.headers["location"].rsplit("/", 1)[-1])


def test_a_job_posted_as_xml_is_shown_and_counted_and_never_charged(board: Board, database_url: str) -> None:
    job_id = post_xml(board, "xml-1", APPLY)
    paths = links(board, job_id)

    page = board.client.get(paths["view"], headers=BROWSER).text
    click = board.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)

    assert "Mends what broke." in page
    assert 'src="https://pixel.example.com/xml"' in page
    assert click.headers["location"] == "https://careers.example.com/xml"
    with psycopg.connect(database_url) as connection:
        figures = connection.execute(
            "SELECT views, apply_clicks, charge_micros FROM job_days WHERE job_id = %s", [job_id]
        ).fetchall()
    assert figures == [(1, 1, 0)]
    answer = board.client.get("/v2/jobPostingStatus?ids=xml-1", headers=bearer(board.token()))
    status = answer.json()["results"]["xml-1"]
    assert (status["listingStatus"], status["rawLocation"]) == ("LISTED", "Leeds")
    assert status["jobPostingUrl"].endswith(f"/jobs/view/{job_id}")


def test_a_job_without_an_address_has_no_apply_link(board: Board) -> None:
    paths = links(board, post_xml(board, "xml-2", ""))
    assert "/jobs/apply/" not in board.client.get(paths["view"], headers=BROWSER).text
    assert board.client.get(paths["apply"], headers=BROWSER, follow_redirects=False).status_code == 404
