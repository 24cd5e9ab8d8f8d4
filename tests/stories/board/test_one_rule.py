"""The same spelling gets the same verdict at every door: JSON, XML, feeds, webhooks, events, parameters."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, bearer, make_event

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
XML_JOB = """<job>
  <partner-job-id>one</partner-job-id><contract-id>{contract}</contract-id>
  <company><name>Harbour Logistics</name></company>
  <position>
    <title>{title}</title><description>Repairs what broke.</description>
    <location><country><code>{country}</code></country><name>{location}</name></location>
  </position>
  <how-to-apply><application-url><![CDATA[{url}]]></application-url></how-to-apply>
</job>"""
SOUND = {"title": "Fitter", "country": "gb", "location": "Leeds", "url": "https://careers.example.com/"}
FIELDS = {"title": "title", "location": "location", "url": "companyApplyUrl"}


def accepts_json(sandbox_client: SandboxClient, name: str, value: str) -> bool:
    element = sandbox_client.job_element("one-rule", **{FIELDS[name]: value})
    (row,) = sandbox_client.batch_create([element])
    return row["status"] < 300


def accepts_xml(sandbox_client: SandboxClient, name: str, value: str) -> bool:
    contracts = sandbox_client.credentials["hiring_contracts"]
    contract = next(row["id"] for row in contracts if row["kind"] == "SLOTS")
    answer = sandbox_client.client.post(
        "/v1/jobs",
        content=XML_JOB.format(contract=contract, **(SOUND | {name: value})).encode(),
        headers=bearer(sandbox_client.token()) | {"Content-Type": "text/xml"},
    )
    assert answer.status_code in {201, 400}, answer.text
    return answer.status_code == 201


def accepts_webhook(sandbox_client: SandboxClient, field: str, value: str) -> bool:
    kind = "BUDGET_ALERT" if field == "email" else "JOB_POSTING_STATUS"
    answer = sandbox_client.client.post(
        "/partner/webhooks", json={field: value, "kinds": [kind]}, headers=bearer(sandbox_client.token())
    )
    assert answer.status_code in {201, 400}, answer.text
    return answer.status_code == 201


def accepts_feed(sandbox_client: SandboxClient, url: str) -> bool:
    urn = sandbox_client.credentials["child"]["urn"]
    answer = sandbox_client.client.post(
        "/operator/feeds",
        json={"applicationId": int(urn.rpartition(":")[2]), "url": url},
        headers=bearer(sandbox_client.credentials["operator_key"]),
    )
    assert answer.status_code in {201, 400}, answer.text
    return answer.status_code == 201


@pytest.mark.parametrize(
    ("door", "name"),
    [
        (accepts_json, "title"),
        (accepts_xml, "title"),
        (accepts_json, "location"),
    ],  # XML needs a country alone
)
@pytest.mark.parametrize(
    ("value", "is_accepted"), [(" Leeds ", True), ("   ", False), ("\u00a0\u200b", False), ("", False)]
)
def test_a_text_of_blanks_is_empty_at_every_door(
    sandbox_client: SandboxClient, door: Callable[..., bool], name: str, value: str, *, is_accepted: bool
) -> None:
    assert door(sandbox_client, name, value) is is_accepted


URLS = [
    ("https://b\u00fccher.example/jobs?id={x}", True),
    ("HTTPS://example.com:8443/a", True),
    (r"https://example.com\@evil.example/", False),
    ("https://jo:secret@example.com/", False),
    ("javascript:alert(1)", False),
    ("ftp://example.com/", False),
    ("https://example.com:0/", False),
    ("https://b\u00fc_cher.example/", False),
]


@pytest.mark.parametrize(("url", "is_accepted"), URLS)
def test_a_url_is_judged_alike_at_every_door(
    sandbox_client: SandboxClient, url: str, *, is_accepted: bool
) -> None:
    assert accepts_json(sandbox_client, "url", url) is is_accepted
    assert accepts_xml(sandbox_client, "url", url) is is_accepted
    assert accepts_webhook(sandbox_client, "url", url) is is_accepted
    assert accepts_feed(sandbox_client, url) is is_accepted
    for field in ("companyPageUrl", "trackingPixelUrl"):
        (row,) = sandbox_client.batch_create([sandbox_client.job_element(f"in-{field}", **{field: url})])
        assert (row["status"] < 300) is is_accepted, field


@pytest.mark.parametrize(
    ("email", "is_accepted"),
    [
        ("jobs@example.com", True),
        ("jobs@example", False),
        (".jobs@example.com", False),
        ("a@b@c.example", False),
    ],
)
def test_an_email_address_is_judged_alike_at_every_door(
    sandbox_client: SandboxClient, email: str, *, is_accepted: bool
) -> None:
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("mail", posterEmail=email)])
    assert (row["status"] < 300) is is_accepted
    assert accepts_webhook(sandbox_client, "email", email) is is_accepted


def test_a_candidate_is_sent_to_the_host_as_the_domain_name_system_spells_it(
    sandbox_client: SandboxClient,
) -> None:
    job_id = sandbox_client.post_job("idna", companyApplyUrl="https://b\u00fccher.example/jobs")
    paths = sandbox_client.client.get(
        f"/operator/jobs/{job_id}/links", headers=bearer(sandbox_client.credentials["operator_key"])
    ).json()
    sent = sandbox_client.client.get(paths["apply"], headers=BROWSER, follow_redirects=False)
    assert sent.headers["location"] == "https://xn--bcher-kva.example/jobs"


def refusals(sandbox_client: SandboxClient, **changed: Any) -> list[str]:
    job_id = sandbox_client.post_job("clicked")
    event = make_event(job_id, "e", sandbox_client.now_ms, type="applyClick", visitor="v", **changed)
    return [row["reason"] for row in sandbox_client.send([event]).json()["rejections"]]


@pytest.mark.parametrize(
    "spelling",
    ["203.0.113.9", "::ffff:203.0.113.9", "203.0.113.9:51234", "[::ffff:203.0.113.9]:80", "::ffff:cb00:7109"],
)
def test_an_excluded_network_is_excluded_in_every_spelling(
    sandbox_client: SandboxClient, spelling: str
) -> None:
    answer = sandbox_client.client.post(
        "/partner/excludedVisitors", json={"address": spelling}, headers=bearer(sandbox_client.token())
    )
    assert answer.status_code == 201, answer.text
    assert refusals(sandbox_client, address="203.0.113.77") == ["EXCLUDED_VISITOR"]


@pytest.mark.parametrize("spelling", ["203.0.113.9:51234", "::ffff:203.0.113.9"])
def test_an_event_in_another_spelling_is_in_the_same_network(
    sandbox_client: SandboxClient, spelling: str
) -> None:
    sandbox_client.client.post(
        "/partner/excludedVisitors", json={"address": "203.0.113.1"}, headers=bearer(sandbox_client.token())
    )
    assert refusals(sandbox_client, address=spelling) == ["EXCLUDED_VISITOR"]


@pytest.mark.parametrize(
    ("address", "reasons"),
    [("unknown", ["MALFORMED"]), ("203.0.113", ["MALFORMED"]), ("", []), (None, []), ("[::1]:80", [])],
)
def test_an_address_that_cannot_be_read_makes_an_event_malformed(
    sandbox_client: SandboxClient, address: str | None, reasons: list[str]
) -> None:
    assert refusals(sandbox_client, address=address) == reasons


@pytest.mark.parametrize(
    ("country", "reasons"),
    [("GB", []), ("gb", []), ("UK", []), ("XX", []), ("T1", []), ("--", []), ("EL", ["OUTSIDE_MARKET"])],
)
def test_a_country_counts_as_what_it_means(
    sandbox_client: SandboxClient, country: str, reasons: list[str]
) -> None:
    assert refusals(sandbox_client, country=country) == reasons


@pytest.mark.parametrize(
    ("country", "is_accepted"), [("gb", True), ("UK", True), ("XX", False), ("T1", False)]
)
def test_a_country_of_a_job_is_read_by_the_same_rule(
    sandbox_client: SandboxClient, country: str, *, is_accepted: bool
) -> None:
    assert accepts_xml(sandbox_client, "country", country) is is_accepted


@pytest.mark.parametrize(
    ("form", "is_accepted"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", True),
        ("%Y-%m-%dt%H:%M:%Sz", True),
        ("%G-W%V-%uT%H:%M:%SZ", False),
        ("%Y%m%dT%H%M%SZ", False),
        ("%Y-%m-%dT%H:%M:%S", False),
        ("%Y-%m-%d %H:%M:%SZ", False),
    ],
)
def test_a_time_is_read_by_one_grammar(
    sandbox_client: SandboxClient, form: str, *, is_accepted: bool
) -> None:
    job_id = sandbox_client.post_job("timed")
    now = sandbox_client.advance("1h")
    event = make_event(job_id, "t", 0) | {"time": now.strftime(form)}
    operator = bearer(sandbox_client.credentials["operator_key"])

    sent = sandbox_client.send([event]).json()
    explained = sandbox_client.client.get(
        "/operator/explain/events",
        params={"source": event["source"], "id": "t", "time": event["time"]},
        headers=operator,
    )
    moved = sandbox_client.client.post("/sandbox/clock", json={"set": event["time"]}, headers=operator)

    assert (sent["accepted"] == 1) is is_accepted, sent
    assert (explained.status_code == 200) is is_accepted, explained.text
    # The moment has passed: it is refused for that reason alone where it can be read.
    assert ("is not a time" in moved.text) is not is_accepted, moved.text


@pytest.mark.parametrize("day", ["20260302", "2026-W10-1", "2026-3-2"])
def test_a_day_is_read_by_one_grammar(sandbox_client: SandboxClient, day: str) -> None:
    for name in ("from", "to"):
        answer = sandbox_client.client.get(
            "/partner/clicksNotCharged", params={name: day}, headers=bearer(sandbox_client.token())
        )
        assert (answer.status_code, f"'{name}'" in answer.text) == (400, True), answer.text
    explained = sandbox_client.client.get(
        f"/operator/explain/jobs/5/days/{day}", headers=bearer(sandbox_client.credentials["operator_key"])
    )
    assert explained.status_code == 400
