"""The rehearsal finds every mistake of a bad integration, passes a good one, and causes what the rules want to see."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import httpx2
import pytest

from jobmeter.certification.checklist.html import write_page
from jobmeter.certification.checklist.rules import UNKNOWN, assess_all, is_gap
from jobmeter.certification.checklist.summary import list_lines, serialize
from jobmeter.certification.model import Role, Verdict
from jobmeter.certification.rehearsal.disturbances import MEANINGS, Disturbance
from jobmeter.certification.rehearsal.flow import read_log
from jobmeter.certification.rehearsal.proxy import open_proxy
from jobmeter.certification.rehearsal.recording import Rehearsal
from jobmeter.certification.rehearsal.samples import Samples
from tests.stories.partner.integrations import BadIntegration, open_local_sandbox, run_good_integration
from tests.stories.partner.lists.test_requests import read_log as read_requests
from tests.support.sandbox_client import SandboxClient, bearer

PLANTED = {
    "JD-001": "jobs name their company by a text alone",
    "JP-A-01": "a token by GET, with the secret in the URL",
    "JP-A-03": "an expired token, again and again",
    "JP-A-04": "a revoked token, again and again",
    "JP-B-02": "a conflict is ignored",
    "JP-B-03": "jobs without a company id",
    "JP-C-02": "a job without its title",
    "JP-C-03": "two workplace types",
    "JP-C-05": "an update without the description",
    "X-01": "a job before the contract is set up",
    "X-03": "a contract that nothing set up",
    "X-05": "the campaign API",
    "X-07": "a job is used before its task has ended",
    "X-08": "a closed job is closed again",
    "X-09": "a refused job is sent again unchanged",
    "X-11": "two webhooks for one kind",
    "X-12": "the budget report with a customer's token",
    "X-13": "a range over the end of a month",
    "X-15": "figures of today",
    "X-17": "a job without money, again and again",
    "X-19": "a call without its version",
    "X-20": "a new token for every call",
    "X-28": "a failed call is given up",
}


def test_every_mistake_of_a_bad_integration_is_found(sandbox_client: SandboxClient) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox)
        BadIntegration(sandbox, rehearsal).run()
    results = assess_all(rehearsal.records, role=Role.INDIVIDUAL)
    wrong = {one.rule.id for one in results if one.finding.verdict is Verdict.WRONG}
    assert wrong == set(PLANTED)
    secrets = [sandbox_client.credentials[who]["client_secret"] for who in ("parent", "child")]
    assert not [one for one in rehearsal.records if any(secret in repr(one) for secret in secrets)]


@pytest.mark.long
def test_a_good_integration_passes_and_survives_every_disturbance(sandbox_client: SandboxClient) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox, disturbances=tuple(Disturbance))
        run_good_integration(sandbox, rehearsal)
    results = assess_all(rehearsal.records, role=Role.INDIVIDUAL)
    assert [(one.rule.id, one.finding) for one in results if one.finding.verdict is Verdict.WRONG] == []
    assert [one.rule.id for one in results if is_gap(one)] == []
    assert {one.forced for one in rehearsal.records} == {"", *MEANINGS.values()}
    shown = {one.rule.id for one in results if one.finding.verdict is Verdict.SHOWN}
    assert {"JP-A-03", "JP-A-04", "X-16", "X-27", "X-28"} <= shown


@pytest.mark.long
def test_the_sample_requests_show_the_rules_and_print_no_secret(sandbox_client: SandboxClient) -> None:
    printed: list[str] = []
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox)
        Samples(sandbox, rehearsal, print_line=printed.append).run()
    results = assess_all(rehearsal.records, role=Role.INDIVIDUAL)
    assert [one.rule.id for one in results if one.finding.verdict is Verdict.WRONG or is_gap(one)] == []
    text = "\n".join(printed)
    assert sandbox_client.credentials["parent"]["client_secret"] not in text
    assert 'client_secret=\'"$PARENT_SECRET"' in text
    assert "-H 'Authorization: Bearer '\"$CHILD\"''" in text
    assert not re.search(r"Bearer [A-Za-z0-9]", text)


@pytest.mark.long
def test_the_sandbox_s_own_log_is_judged_like_a_proxy_s(sandbox_client: SandboxClient) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox)
        Samples(sandbox, rehearsal, print_line=lambda _: None).run()
        while len(read_requests(sandbox_client, "operator", after=0, count=200)) < len(rehearsal.records):
            pass
        logged = read_log(sandbox, after=0)
    results = {
        kind: {one.rule.id: one.finding.verdict for one in assess_all(records, role=Role.INDIVIDUAL)}
        for kind, records in (("proxy", rehearsal.records), ("log", logged))
    }
    assert results["proxy"] == results["log"]


class Checker(HTMLParser):
    """Collects what a page loads, its headings, and whether its elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loaded += [given[name] for name in ("src", "srcset") if name in given]
        self.loaded += [tag] if tag in {"link", "script", "iframe"} else []
        self.ids += [given["id"]] if "id" in given else []
        self.targets += [given["href"]] if "href" in given else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_loads_nothing_and_escapes_what_was_sent(sandbox_client: SandboxClient) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox)
        with open_proxy(rehearsal, port=0) as address, httpx2.Client(trust_env=False) as client:
            evil = '<script>alert("1")</script>'
            client.get(f"{address}/oauth/v2/accessToken", params={"x": evil})
            client.post(f"{address}/rest/simpleJobPostings", json={"elements": [{"title": evil}]})
        now = sandbox.read_clock()
    results = assess_all(rehearsal.records, role=Role.INDIVIDUAL)
    page = write_page(results, rehearsal.records, role=Role.INDIVIDUAL, now=now)
    checker = Checker()
    checker.feed(page)
    assert (checker.open, checker.loaded) == ([], [])
    assert checker.headings[0] == 1
    assert all(
        later - earlier <= 1 for earlier, later in zip(checker.headings, checker.headings[1:], strict=False)
    )
    assert len(set(checker.ids)) == len(checker.ids)
    assert {target.removeprefix("#") for target in checker.targets} <= set(checker.ids)
    assert evil not in page
    for text in (*UNKNOWN, *(one.rule.id for one in results)):
        assert text.replace("'", "&#x27;") in page
    report = serialize(results, rehearsal.records, role=Role.INDIVIDUAL, now=now)
    assert json.loads(json.dumps(report))["counts"]["wrong"] >= 1
    assert len(list(list_lines(results))) > len(results)


def test_the_proxy_passes_everything_on(sandbox_client: SandboxClient) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox)
        with (
            open_proxy(rehearsal, port=0) as address,
            httpx2.Client(base_url=address, trust_env=False) as client,
        ):
            headers = sandbox_client.headers("parent")
            assert client.get("/health").json()["status"] == "ok"
            assert client.head("/health").content == b""
            made = client.post(
                "/partner/webhooks",
                headers=bearer(sandbox_client.token("parent")) | {"Content-Type": "application/json"},
                content=iter([b'{"url": "https://ats.example.com/h", ', b'"kinds": ["CHARGES"]}']),
            )
            assert made.status_code == 201, made.text
            removed = client.delete(f"/partner/webhooks/{made.json()['id']}", headers=headers)
            assert (removed.status_code, removed.content) == (204, b"")
            missing = client.get("/rest/nothing?a=%2F%20&b=%C3%A9", headers=headers)
            assert missing.status_code == 404
    assert [one.status for one in rehearsal.records] == [200, 200, 201, 204, 404]
    assert unquote(rehearsal.records[-1].query) == "a=/ &b=é"
    assert "whsec_" not in repr(rehearsal.records)


@pytest.mark.parametrize("disturbance", [Disturbance.DROP, Disturbance.THROTTLE, Disturbance.FAIL])
def test_a_disturbed_call_fails_once(sandbox_client: SandboxClient, disturbance: Disturbance) -> None:
    with open_local_sandbox(sandbox_client) as sandbox:
        rehearsal = Rehearsal(sandbox, disturbances=(disturbance,))
        with (
            open_proxy(rehearsal, port=0) as address,
            httpx2.Client(base_url=address, trust_env=False) as client,
        ):
            target, headers = "/rest/partnerBudgetReports", sandbox_client.headers("parent")
            found: list[int] = []
            for _ in range(4):
                try:
                    found.append(client.get(target, headers=headers).status_code)
                except httpx2.HTTPError:
                    found.append(0)
    failed = {Disturbance.DROP: 0, Disturbance.THROTTLE: 429, Disturbance.FAIL: 503}[disturbance]
    assert found == [200, 200, failed, 200]
    assert [one.status for one in rehearsal.records] == found
