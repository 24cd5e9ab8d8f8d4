"""No token gives access to another tenant's data: strangers call every route with ids that exist and ids that do not.

The requests are generated from the table of routes (``matrix``), so that new routes are covered automatically.
"""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from jobmeter.api.routes import ENDPOINTS, PLAIN, XML_JOBS
from jobmeter.database.pool import Database
from jobmeter.http.endpoints import Audience
from jobmeter.partners.oauth1 import flow as signatures
from jobmeter.sandbox.endpoints import ENDPOINTS as SANDBOX
from tests.conftest import TEMPLATE, make_database
from tests.stories.edge import matrix
from tests.stories.edge.matrix import GHOST, Names, blur
from tests.support.paths import DOCS
from tests.support.sandbox_client import PATIENCE_SECONDS, add_partner, bearer, open_sandbox_client
from tests.support.scenario import one_of
from tests.support.xml_partner import sign

PAGE = DOCS / "explanation" / "tenants.md"
# Has what the stranger changed itself, with the names that it tried; operator/test_audit.py has a stranger's log.
OWN_LOG = "GET /partner/audit"
UNKNOWN_TOKENS = ("", "AQVguessed", "é")


@pytest.fixture
def owned(sandbox_client):
    return make_owned(sandbox_client)


@pytest.fixture(scope="module")
def shared_sandbox(cluster_url):
    """A sandbox for tests whose requests are refused or only read."""
    for database_url in make_database(cluster_url, TEMPLATE):
        with open_sandbox_client(database_url) as opened:
            yield opened, add_partner(opened, database_url), *make_owned(opened)


def make_owned(sandbox_client):
    """One object of each kind that a customer can own, all their ids, and the day of the charge."""
    job = sandbox_client.job_element("owned-1", companyJobCode="owned-code")
    customer = {"uniqueForeignId": "owned-customer", "name": "Sandbox - Owned", "description": "owned"}
    sandbox_client.client.post(
        "/v2/provisionedApplications", headers=sandbox_client.headers("parent"), json=customer
    )
    (row,) = sandbox_client.batch_create([job])
    job_id = int(sandbox_client.task(row["id"])["jobPosting"].rsplit(":", 1)[-1])
    sandbox_client.send_clicks(job_id, 3)
    day = sandbox_client.now.date()
    sandbox_client.advance_to_midnight()
    names = Names(
        external_id="owned-1",
        job_id=job_id,
        task=row["id"],
        application=sandbox_client.credentials["child"]["urn"],
        contract_id=sandbox_client.credentials["customer_contract_id"],
        partner_contract_id=sandbox_client.credentials["partner_contract_id"],
        foreign_id="owned-customer",
        token=sandbox_client.token(),
        **make_things(sandbox_client),
    )
    return names, day


def make_things(sandbox_client):
    """Creates what other fixtures do not: a campaign, a webhook, an excluded visitor, a feed, an XML job, a charge."""
    child, operator = sandbox_client.headers(), bearer(sandbox_client.credentials["operator_key"])

    def post(path, body, headers=child):
        answer = sandbox_client.client.post(path, headers=headers, json=body)
        assert answer.status_code < 300, answer.text
        return answer

    slots = sandbox_client.credentials["hiring_contracts"][0]["id"]
    contract = f"urn:li:contract:{sandbox_client.credentials['customer_contract_id']}"
    campaign = {"partnerJobCampaignId": "owned-campaign", "name": "owned", "contract": contract}
    webhook = {"kinds": ["BUDGET_ALERT"], "url": "https://owned.example/hook"}
    number = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    feed = {"applicationId": number, "url": "https://owned.example/feed.xml"}
    colleague = {"email": "ida@owned.example", "role": "PARTNER_MANAGER"}
    charges = wait_for_charges(sandbox_client, child)
    made = matrix.list_xml_requests(replace(GHOST, xml_job="owned-xml", hiring_contract_id=slots))[-3]
    assert made.send(sandbox_client.client, child).status_code == 201
    return {
        "campaign": post("/rest/jobCampaigns", campaign | {"startTime": sandbox_client.now_ms}).headers[
            "X-RestLi-Id"
        ],
        "campaign_name": "owned-campaign",
        "webhook_id": post("/partner/webhooks", webhook).json()["id"],
        "excluded_id": post("/partner/excludedVisitors", {"visitor": "owned", "note": "owned"}).json()["id"],
        "feed_id": post("/operator/feeds", feed, operator).json()["id"],
        "invoice_id": make_statement(sandbox_client),
        "person_email": colleague["email"],
        "colleague_id": post("/partner/people", colleague, sandbox_client.headers("parent")).json()["id"],
        "hiring_contract_id": slots,
        "xml_job": "owned-xml",
        "charge": charges[0]["reference"],
    }


def make_statement(sandbox_client):
    """The document of the partner's month before, in which it used nothing; returns its id."""
    operator = bearer(sandbox_client.credentials["operator_key"])

    def call(method, path, body=None):
        answer = sandbox_client.client.request(method, path, headers=operator, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    month = f"{sandbox_client.now.replace(day=1) - timedelta(days=35):%Y-%m}"
    partner = int(sandbox_client.credentials["parent"]["urn"].rsplit(":", 1)[-1])
    party = {"legalName": "Party", "addressLines": ["Kade 1"], "city": "Rotterdam", "country": "NL"}
    call("PUT", "/operator/billing/seller", party)
    draft = {"partnerId": partner, "currency": "USD", "profile": party, "firstMonth": month}
    account = call("POST", "/operator/billing/accounts", draft | {"zeroMonth": "STATEMENT"})
    call("POST", f"/operator/billing/accounts/{account['id']}/taxRates", {"category": "Z"})
    call("POST", "/operator/billing/runs", {"month": month, "account": account["id"]})
    return call("GET", f"/operator/invoices?account={account['id']}")["elements"][0]["id"]


def wait_for_charges(sandbox_client, headers):
    """The stream only shows what is older than all running transactions of the database."""
    for _ in range(PATIENCE_SECONDS * 20):
        charges = sandbox_client.client.get("/partner/charges", headers=headers).json()["elements"]
        if charges:
            return charges
        time.sleep(0.05)
    raise AssertionError("the clicks were not charged")


@pytest.fixture
def sister(sandbox_client):
    """The credentials of another customer of the same partner."""
    body = {
        "uniqueForeignId": "sister",
        "name": "Sandbox Partner - Sister",
        "description": "Another customer",
    }
    made = sandbox_client.client.post(
        "/v2/provisionedApplications", headers=sandbox_client.headers("parent"), json=body
    ).json()
    keys = made["credentials"] | {"urn": made["key"]}
    sister = type(sandbox_client)(sandbox_client.client, sandbox_client.credentials | {"child": keys})
    setup = "/rest/provisionedHiringContracts?action=setup"
    assert sandbox_client.client.post(setup, headers=sister.headers(), json={}).status_code == 200
    return sister


def list_requests(sandbox_client, day, names):
    """Lists all requests that a partner's token can send."""
    return [
        *matrix.list_restli_requests(sandbox_client, day, names),
        *matrix.list_plain_requests(Audience.PARTNER, day, names),
        *matrix.list_xml_requests(names),
    ]


def own_view(sandbox_client, owned, every):
    """The owner's responses to reading requests of the strangers."""
    names, day = owned
    own = {who: bearer(sandbox_client.token(who)) for who in ("child", "parent")}
    found = {}
    asks = [ask for ask in list_requests(sandbox_client, day, names) if ask.only_reads]
    for ask in (asks[number] for number in matrix.choose(asks, every)):
        for who, headers in own.items() if ask.route != OWN_LOG else ():
            found[who, ask.target] = blur(ask.send(sandbox_client.client, headers), GHOST)
    return found


# A stranger's own log quotes what it asked for; that it holds nothing of others is tested with the log itself.
@pytest.mark.parametrize("sandbox_client", [{"request_log": "off"}], indirect=True)
@one_of(8)
def test_strangers_cannot_distinguish_what_exists_from_what_does_not(
    sandbox_client, neighbour, sister, owned, every
):
    """Each role calls each route, with one of ``every`` ids."""
    names, day = owned
    before = own_view(sandbox_client, owned, every)
    strangers = {
        "foreign child": (neighbour, "child"),
        "foreign parent": (neighbour, "parent"),
        "sister": (sister, "child"),
    }

    differing, checks, routes = [], Counter(), set()
    for place, (role, (asker, who)) in enumerate(strangers.items()):
        # The partner's contract is the sister's too: she may know that it exists.
        known = names.partner_contract_id if role == "sister" else GHOST.partner_contract_id
        ghost = replace(GHOST, partner_contract_id=known)
        headers = bearer(asker.token(who))
        asks, twins = list_requests(asker, day, names), list_requests(asker, day, ghost)
        pairs = list(zip(asks, twins, strict=True))
        checks[role] += len(pairs)
        for ask, twin in (pairs[number] for number in matrix.choose(asks, every, place)):
            routes.add(ask.route)
            found = blur(ask.send(sandbox_client.client, headers), names)
            expected = blur(twin.send(sandbox_client.client, headers), ghost)
            if ask.route == OWN_LOG:
                continue
            if found != expected or "owned" in found[1]:
                differing.append((role, ask.route, ask.target, found, expected))

    assert differing == []
    assert own_view(sandbox_client, owned, every) == before
    summary = f"{len(routes)} routes, {len(strangers)} roles, {len(names.texts)} kinds of id: {checks.total()} checks"
    assert summary in PAGE.read_text(encoding="utf-8"), summary


DISTINGUISHED = {
    "/v2/provisionedApplications FINDER credentialsByUniqueForeignId",
    "/rest/simpleJobPostingTasks BATCH_GET",
    "/rest/jobPostingStatus BATCH_GET",
    "/rest/jobCampaigns GET",
    "/rest/partnerJobReports BATCH_GET",
    "/rest/partnerBudgetReports GET",
    "GET /partner/webhooks/{webhook_id:int}/deliveries",
    "GET /partner/feeds/{feed_id:int}/report",
    "GET /v1/jobs",
}


def test_the_owner_can_distinguish_them(shared_sandbox):
    """The matrix above would prove nothing if its requests were refused to every caller."""
    sandbox_client, _, names, day = shared_sandbox
    own = [bearer(sandbox_client.token(who)) for who in ("child", "parent")]
    found = set()
    asks, twins = list_requests(sandbox_client, day, names), list_requests(sandbox_client, day, GHOST)
    for ask, twin in zip(asks, twins, strict=True):
        for headers in own if ask.only_reads and ask.route in DISTINGUISHED else ():
            mine = blur(ask.send(sandbox_client.client, headers), names)
            if mine != blur(twin.send(sandbox_client.client, headers), GHOST):
                found.add(ask.route)
    assert found == DISTINGUISHED


@pytest.mark.parametrize("token", UNKNOWN_TOKENS)
def test_without_a_valid_token_everything_is_refused(shared_sandbox, token):
    sandbox_client, _, names, day = shared_sandbox
    headers = {"Authorization": f"Bearer {token}".encode()}
    for ask in one_of_each_route(list_requests(sandbox_client, day, names)):
        assert ask.send(sandbox_client.client, headers).status_code == 401, ask


def test_a_forbidden_application_is_refused_however_it_signs_in(sandbox_client, owned, database_url):
    """By token in the header or in the query, issued before or in the same moment, and by signature."""
    names, day = owned
    client, keys = sandbox_client.client, sandbox_client.credentials["child"]
    operator = bearer(sandbox_client.credentials["operator_key"])
    token = sandbox_client.token()
    number = keys["urn"].rsplit(":", 1)[-1]
    path, asks = f"/operator/applications/{number}/tokens", list_requests(sandbox_client, day, names)
    secret = asyncio.run(make_signing_secret(database_url, sandbox_client, keys))
    signing = keys | {"client_secret": secret}
    signed = [ask for ask in asks if ask.target.startswith("/v1/")]

    def sign_in(ask, way):
        if way == "token":
            return ask.send(client, bearer(token))
        if way == "query":
            joined = "&" if "?" in ask.target else "?"
            target = f"{ask.target}{joined}oauth2_access_token={token}"
            return replace(ask, target=target).send(client, {})
        return ask.send(
            client, {"Authorization": sign(signing, ask.verb, f"http://board.example{ask.target}")}
        )

    assert sign_in(signed[0], "signature").status_code != 401
    assert client.post(path, json={"areAllowed": False}, headers=operator).status_code == 200
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE access_tokens SET revoked_at = NULL")
    for ask in asks:
        assert sign_in(ask, "token").status_code == 401, ask
    for ask in signed:
        for way in ("query", "signature"):
            assert sign_in(ask, way).status_code == 401, (way, ask)
    form = {name: keys[name] for name in ("client_id", "client_secret")} | {"token": token}
    assert client.post("/oauth/v2/introspectToken", data=form).json()["status"] == "revoked"


async def make_signing_secret(database_url, sandbox_client, keys):
    database = await Database.open(database_url, connections_max=1)
    async with database.transaction() as connection:
        application = await signatures.find_consumer(connection, consumer_key=keys["client_id"])
        made = await signatures.make_signing_secret(
            connection,
            application=application,
            secret_key=sandbox_client.credentials["secret_key"],
            now=sandbox_client.now,
        )
    await database.close()
    return made


def test_the_installation_s_keys_only_open_their_own_endpoints(shared_sandbox):
    """Partners, the owner included, cannot use operator or job board endpoints, and these keys no partner endpoints."""
    sandbox_client, neighbour, names, day = shared_sandbox
    keys = {who: sandbox_client.credentials[f"{who}_key"] for who in ("operator", "events")}
    tokens = [asker.token(who) for asker in (sandbox_client, neighbour) for who in ("child", "parent")]
    for audience, own_key in (
        (Audience.OPERATOR, "operator"),
        (Audience.BOARD, "events"),
        (Audience.PARTNER, ""),
    ):
        others = [key for who, key in keys.items() if who != own_key]
        others += tokens if own_key else []
        for ask in one_of_each_route(matrix.list_plain_requests(audience, day, names)):
            for secret in ("", "guessed", *others):
                assert ask.send(sandbox_client.client, bearer(secret)).status_code == 401, ask
    asks = (*matrix.list_restli_requests(sandbox_client, day, names), *matrix.list_xml_requests(names))
    for ask in one_of_each_route(asks):
        for key in keys.values():
            assert ask.send(sandbox_client.client, bearer(key)).status_code == 401, ask


def one_of_each_route(asks):
    """Which id is asked for does not matter to a key that is refused before."""
    return {ask.route: ask for ask in asks}.values()


def test_public_endpoints_are_listed_here():
    """All other endpoints require a token or a key and are covered by the requests above."""
    opened = {row.path for row in ENDPOINTS if row.audience in {Audience.PUBLIC, Audience.CLIENT}}
    assert opened == {
        "/payments/stripe/events",
        "/jobs",
        "/robots.txt",
        "/sitemap.xml",
        "/sitemaps/{number:int}.xml",
        "/jobs/view/{job_id:int}",
        "/jobs/apply/{token}",
        "/jobs/pixel/{token}.gif",
        "/oauth/v2/accessToken",
        "/oauth/v2/introspectToken",
        "/oauth/v2/revoke",
        "/",
        "/health",
        "/livez",
        "/readyz",
        "/openapi.json",
        "/docs",
    }


def test_a_path_begins_with_the_name_of_its_audience():
    audiences = {
        "operator": Audience.OPERATOR,
        "metrics": Audience.OPERATOR,  # where monitoring programs look for it
        "sandbox": Audience.OPERATOR,
        "events": Audience.BOARD,
        "delivery": Audience.BOARD,
        "partner": Audience.PARTNER,
        "rest": Audience.PARTNER,
        "v2": Audience.PARTNER,
        "v1": Audience.PARTNER,
    }
    for row in (*ENDPOINTS, *SANDBOX):
        if row.audience not in {Audience.PUBLIC, Audience.CLIENT}:
            assert audiences[row.path.split("/")[1]] is row.audience, row.path


def test_every_partner_write_and_every_xml_endpoint_is_requested():
    writes = {(row.verb, row.path) for row in PLAIN if row.audience is Audience.PARTNER and row.verb != "GET"}
    assert set(matrix.BODIES) == writes
    assert {ask.route for ask in matrix.list_xml_requests(GHOST)} == {
        f"{row.verb} /v1/jobs" for row in XML_JOBS
    }


def test_another_s_token_cannot_be_introspected_or_revoked(sandbox_client, neighbour, owned):
    names, _ = owned
    for asker, who in ((neighbour, "child"), (neighbour, "parent"), (sandbox_client, "parent")):
        keys = asker.credentials[who]
        form = {name: keys[name] for name in ("client_id", "client_secret")} | {"token": names.token}
        introspected = sandbox_client.client.post("/oauth/v2/introspectToken", data=form)
        assert introspected.json() == {"active": False}
        assert sandbox_client.client.post("/oauth/v2/revoke", data=form).status_code == 200
    assert sandbox_client.client.get("/partner/charges", headers=bearer(names.token)).status_code == 200


def test_a_child_s_token_reports_no_budget_and_a_parent_s_no_jobs(shared_sandbox):
    sandbox_client, _, _, day = shared_sandbox
    assert sandbox_client.budget("child").json()["serviceErrorCode"] == 6001
    assert (
        sandbox_client.report_by_ids("owned-1", days=(day, day), who="parent").json()["serviceErrorCode"]
        == 6000
    )
    assert sandbox_client.report_by_range((day, day), who="parent").json()["serviceErrorCode"] == 6000
