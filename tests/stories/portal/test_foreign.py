"""What belongs to somebody else looks as if it did not exist: every page and form whose address has an id, with every role.

The requests are generated from the table of pages. A new name of an id in a path needs an entry here.
"""

import re
import time
from urllib.parse import quote
from uuid import UUID

import pytest

from jobmeter.people.model import OPERATOR_ROLES, Role
from jobmeter.portal.routes import PAGES
from tests.conftest import TEMPLATE, make_database
from tests.stories.portal.money.scene import end_month, open_account
from tests.stories.portal.sessions import list_grants, log_in, open_browser
from tests.support.sandbox_client import PATIENCE_SECONDS, add_partner, bearer, open_sandbox_client
from tests.support.scenario import one_of

SLOT = re.compile(r"\{(\w+)(?::\w+)?\}")
ROWS = [row for row in PAGES if set(SLOT.findall(row.path)) - {"format"}]
APPLICATIONS = (("partner", "parent"), ("application", "child"))
OWNER, STRANGER = "owner@hafenkontor.example", "stranger@elsewhere.example"
NUMBERS = [77_777, 2**62 - 1, 2**63 - 1, 10**30]
UNKNOWN = {
    "job_id": NUMBERS,
    "partner_id": NUMBERS,
    "application_id": NUMBERS,
    "person_id": NUMBERS,
    "feed_id": NUMBERS,
    "request_number": NUMBERS,
    "webhook_id": NUMBERS,
    "delivery_id": ["00000000-0000-4000-8000-000000000000"],
    "contract_id": NUMBERS,
    "number": ["INV-2001-000001", "CN-2001-000001", "77777", "9" * 30, "x"],
    "line": [0, 99, *NUMBERS],
    "day": ["2020-03-01", "9999-12-31", "never"],
    "name": ["NONE"],
    "format": ["xlsx", "nonsense"],
    "reference": [UUID(int=7), "x"],
    "event_key": [UUID(int=7), "x"],
    "document_id": NUMBERS,
}
DIGITS_MIN = 3  # a shorter number is also that of something else on the page
# What differs between two responses to the same request.
OWN = re.compile(
    r'name="(?:once|token)" value="[^"]*"|<span class="code">[^<]*</span>|<time.*?</time>|data-ends="[^"]*"'
)


@pytest.fixture(scope="module")
def database_url(cluster_url):
    made = make_database(cluster_url, TEMPLATE)
    yield next(made)
    made.close()


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    """One for both tests, which change nothing and wait for nothing: a month has to end in it."""
    with open_sandbox_client(database_url, chore_interval_ms=2_000) as opened:
        yield opened


@pytest.fixture(scope="module")
def owned(sandbox_client):
    """The id of one thing of each kind, by its name in paths: all belong to the owner, and to the first partner's customer."""
    scene = open_account(sandbox_client)
    (row,) = sandbox_client.batch_create([sandbox_client.job_element("owned", posterEmail=OWNER)])
    ids = {
        f"{name}_id": int(sandbox_client.credentials[who]["urn"].rsplit(":", 1)[-1])
        for name, who in APPLICATIONS
    }
    job_id = int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
    sandbox_client.send_clicks(job_id, 1)
    day, number = sandbox_client.now.date(), end_month(scene)["number"]
    return {
        **ids,
        **make_webhook(sandbox_client),
        "feed_id": register_feed(sandbox_client, ids["application_id"]),
        "request_number": find_request(sandbox_client),
        "job_id": job_id,
        "person_id": 88_888,  # pages of people are the operator's alone
        "contract_id": sandbox_client.credentials["partner_contract_id"],
        "number": number,
        "line": 1,
        "day": day,
        "name": "VISITOR_BURST",
        "format": "csv",
        "document_id": 1,
        "reference": UUID(int=1),
        "event_key": UUID(int=1),
    }


def register_feed(sandbox_client, application_id):
    answer = sandbox_client.client.post(
        "/operator/feeds",
        json={"applicationId": application_id, "url": "https://owned.example/feed.xml"},
        headers=bearer(sandbox_client.credentials["operator_key"]),
    )
    return answer.json()["id"]


def find_request(sandbox_client):
    """The number of a request of the owner's, which is recorded after it was answered."""
    headers = bearer(sandbox_client.token("parent"))
    for _ in range(PATIENCE_SECONDS * 20):
        found = sandbox_client.client.get("/partner/requests", headers=headers).json()["elements"]
        if found:
            return found[0]["number"]
        time.sleep(0.05)
    raise AssertionError("no request was recorded")


def make_webhook(sandbox_client):
    path, headers = "/partner/webhooks", bearer(sandbox_client.token("parent"))
    body = {"url": "https://owned.example/hook", "kinds": ["CHARGES"]}
    webhook_id = sandbox_client.client.post(path, json=body, headers=headers).json()["id"]
    sandbox_client.client.post(f"{path}/{webhook_id}/tests", headers=headers)
    listed = sandbox_client.client.get(f"{path}/{webhook_id}/deliveries", headers=headers).json()
    return {"webhook_id": webhook_id, "delivery_id": listed["elements"][0]["id"]}


@pytest.fixture(scope="module")
def strangers(sandbox_client, database_url):
    """A browser for each role, of people of another partner and another customer. The operator is nobody's stranger."""
    others = list_grants(add_partner(sandbox_client, database_url).credentials)
    return {
        role: open_browser(sandbox_client, log_in(database_url, grant, email=f"{role}.{STRANGER}"))
        for role, grant in others.items()
        if role not in OPERATOR_ROLES
    }


def send(browser, row, ids):
    path = SLOT.sub(lambda slot: str(ids[slot[1]]), row.path)
    answer = browser.get(path) if row.method == "GET" else browser.post(path)
    text = OWN.sub("", answer.text).replace(path, "PATH").replace(quote(path, safe=""), "PATH")
    own = "|".join(re.escape(str(value)) for value in ids.values() if len(str(value)) >= DIGITS_MIN)
    return answer.status_code, re.sub(rf"\b(?:{own})\b", "ID", text)


@pytest.mark.long
@one_of(4)
def test_what_is_foreign_is_as_what_does_not_exist(owned, strangers, every):
    """With one of ``every`` unknown ids of a kind, which one differs from page to page."""
    sent, leaks = 0, []
    for number, row in enumerate(ROWS):
        for role, browser in strangers.items():
            foreign = send(browser, row, owned)
            for name in SLOT.findall(row.path):
                # Who may not use a page is refused before its ids are read: one of each kind shows it.
                first = number % min(every, len(UNKNOWN[name]))
                for unknown in UNKNOWN[name][first::every] if role in row.roles else UNKNOWN[name][:1]:
                    sent += 1
                    same = send(browser, row, owned | {name: unknown}) == foreign
                    refused = foreign[0] == (404 if role in row.roles else 403)
                    leaks += [] if same and refused else [(row.method, row.path, role, unknown, foreign[0])]
    assert leaks == []
    assert sent >= len(ROWS) * len(strangers) > 0


@pytest.mark.long
def test_the_owner_sees_it(owned, sandbox_client, database_url):
    """Otherwise the other test would prove nothing."""
    grants = list_grants(sandbox_client.credentials)
    for role, email in (
        (Role.MEMBER, OWNER),
        (Role.CUSTOMER, f"customer.{OWNER}"),
        (Role.PARTNER_MANAGER, f"manager.{OWNER}"),
    ):
        browser = open_browser(sandbox_client, log_in(database_url, grants[role], email=email))
        shown = [row for row in ROWS if row.method == "GET" and role in row.roles]
        assert shown
        assert 404 not in {send(browser, row, owned)[0] for row in shown}
