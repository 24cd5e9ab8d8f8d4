"""The headers that every response has, credentials that are being replaced, encoded paths, quotas of each audience."""

import asyncio
import re

import psycopg
import pytest

from jobmeter.api.routes import ENDPOINTS, PLAIN
from jobmeter.base.limits import EXCLUDED_VISITORS_MAX, EXCLUDED_VISITORS_PAGE
from jobmeter.base.settings import Settings
from jobmeter.cli.server.settings import check_settings
from tests.properties.edge.test_any_parameter import list_asks, send
from tests.stories.edge.test_tenants import make_signing_secret, owned  # noqa: F401 -- a fixture
from tests.support.sandbox_client import bearer, open_sandbox_client
from tests.support.xml_partner import sign

OLD, NEW = "an old key of the operator", "a new key of the operator"


@pytest.mark.long
def test_every_response_has_the_headers_that_protect_it(sandbox_client, owned):  # noqa: F811 -- a fixture
    """Secrets and figures are for their caller alone: no cache stores them, no browser guesses their type."""
    names, day = owned
    statuses = set()
    for ask, credentials in list_asks(sandbox_client, day, names):
        for given in (credentials, {}, bearer("wrong")):
            answer = send(sandbox_client, ask, given, {})
            statuses.add(answer.status_code)
            assert answer.headers["x-content-type-options"] == "nosniff", ask
            if given is credentials and credentials.get("Authorization", "Bearer ") != "Bearer ":
                assert answer.headers["cache-control"] in {"no-store", "private, no-cache"}, ask
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"], ask
            if answer.headers.get("content-type", "").startswith("text/html"):
                policy = answer.headers["content-security-policy"]
                assert "frame-ancestors 'none'" in policy, ask
                assert answer.headers["referrer-policy"], ask
    assert statuses >= {200, 201, 400, 401, 404}


def test_a_response_with_a_secret_is_never_stored(sandbox_client):
    operator, keys = bearer(sandbox_client.credentials["operator_key"]), sandbox_client.credentials["child"]
    client = sandbox_client.client
    form = {name: keys[name] for name in ("client_id", "client_secret")} | {
        "grant_type": "client_credentials"
    }
    webhook = {"kinds": ["BUDGET_ALERT"], "url": "https://partner.example/hook"}
    child = {"uniqueForeignId": "new", "name": "New", "description": "new"}
    answers = [
        client.post("/operator/partners", json={"name": "New"}, headers=operator),
        client.post("/oauth/v2/accessToken", data=form),
        client.post("/partner/webhooks", json=webhook, headers=sandbox_client.headers()),
        client.post("/v2/provisionedApplications", json=child, headers=sandbox_client.headers("parent")),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text
        assert re.search(r"secret|token", answer.text, re.IGNORECASE)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", ["client_secret", "basic"])
def test_a_client_that_is_not_authenticated_is_challenged(sandbox_client, given):
    keys = sandbox_client.credentials["child"] | {"client_secret": "wrong"}
    form, options = {"grant_type": "client_credentials"}, {}
    if given == "basic":
        options["auth"] = (keys["client_id"], keys["client_secret"])
    else:
        form |= {name: keys[name] for name in ("client_id", "client_secret")}
    answer = sandbox_client.client.post("/oauth/v2/accessToken", data=form, **options)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="oauth"')


@pytest.mark.parametrize(
    ("base_url", "is_secure"), [("https://jobs.example", True), ("http://jobs.example", False)]
)
def test_the_visitor_s_cookie_is_secure_where_the_server_is(database_url, base_url, is_secure):
    with open_sandbox_client(database_url, base_url=base_url) as sandbox_client:
        job_id = sandbox_client.post_job("cookie")
        for visitor in ("", 'with "quotes"'):
            cookies = {"Cookie": f"jobmeter_visitor={visitor}"} if visitor else {}
            answer = sandbox_client.client.get(f"/jobs/view/{job_id}", headers=cookies)
            assert ("; Secure" in answer.headers["set-cookie"]) is is_secure


def test_two_keys_are_accepted_while_one_replaces_the_other(database_url):
    with open_sandbox_client(
        database_url, operator_key=f"{NEW}, {OLD}", events_key=f"{NEW},{OLD}"
    ) as sandbox_client:
        for key in (OLD, NEW, f"{NEW}, {OLD}", "", ","):
            answer = sandbox_client.client.get("/sandbox/clock", headers=bearer(key))
            assert answer.status_code == (200 if key in {OLD, NEW} else 401), key
            sent = sandbox_client.client.post("/events", json=[], headers=bearer(key))
            assert sent.status_code == answer.status_code, key


@pytest.mark.parametrize(
    ("kind", "key", "is_refused"),
    [
        (kind, key, is_refused)
        for kind in ("operator_key", "events_key", "secret_key")
        for key, is_refused in (
            ("", False),
            ("a", True),
            ("a" * 15, True),
            ("a" * 16, False),
            (f"{'a' * 16},b", False),
            (f"b,{'a' * 16}", True),
        )
    ],
)
def test_a_key_that_can_be_guessed_is_refused_at_the_start(kind, key, is_refused):
    settings = Settings(**{kind: key})
    if not is_refused:
        check_settings(settings)
        return
    with pytest.raises(ValueError, match=f"JOBMETER_{kind.upper()} must have at least 16 characters"):
        check_settings(settings)


def encode_letter(path, at):
    return f"{path[:at]}%{ord(path[at]):02x}{path[at + 1 :]}"


@pytest.mark.long
def test_an_encoded_fixed_part_of_a_path_is_another_path(sandbox_client):
    """A proxy that guards `/operator` by its prefix does not recognize `/operator%2ffeeds`."""
    keys = {
        "operator": sandbox_client.credentials["operator_key"],
        "sandbox": sandbox_client.credentials["operator_key"],
        "events": sandbox_client.credentials["events_key"],
        "delivery": sandbox_client.credentials["events_key"],
    }
    token, tried = sandbox_client.token(), 0
    for row in ENDPOINTS:
        if row.path == "/":
            continue  # has no fixed part to encode
        path = row.path.replace("{key}", "1").replace(
            "{reference:uuid}", "00000000-0000-4000-8000-000000000001"
        )
        path = re.sub(r"\{[^}]*\}", "1", path)
        headers = bearer(keys.get(path.split("/")[1], token)) | {"LinkedIn-Version": "202504"}
        fixed = path if "{" not in row.path else row.path[: row.path.index("{")].rstrip("/")
        places = {1, len(fixed) - 1, *(at for at in range(2, len(fixed)) if fixed[at] == "/")}
        for at in places:
            for spelled in (
                encode_letter(path, at),
                encode_letter(path, at).upper() if path[at] == "/" else "",
            ):
                if spelled:
                    target = spelled if path[at] != "/" else path[:at] + spelled[at : at + 3] + path[at + 1 :]
                    answer = sandbox_client.client.request(row.verb, target, headers=headers)
                    assert answer.status_code in {401, 403, 404, 405}, (row.path, target, answer.status_code)
                    tried += 1
    assert tried > 200


def test_partner_and_token_endpoints_have_quotas(database_url):
    with open_sandbox_client(database_url, rate_limits="partner=2,oauth=3") as sandbox_client:
        headers = sandbox_client.headers()  # the first call of three
        keys = sandbox_client.credentials["child"]
        form = {name: keys[name] for name in ("client_id", "client_secret")}
        statuses = []
        for path, body in (
            ("revoke", {"token": "x"}),
            ("introspectToken", {"token": "x"}),
            ("revoke", {"token": "x"}),
        ):
            answer = sandbox_client.client.post(f"/oauth/v2/{path}", data=form | body)
            statuses.append(answer.status_code)
        assert statuses == [200, 200, 429]
        assert answer.headers["retry-after"]
        asked = [sandbox_client.client.get("/partner/webhooks", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [200, 200, 429]
        assert [answer.headers["x-ratelimit-remaining"] for answer in asked] == ["1", "0", "0"]
    assert {row.quota for row in PLAIN if row.path.startswith("/partner/")} == {"partner"}


def test_the_list_of_excluded_visitors_has_pages_and_an_end(sandbox_client, database_url):
    number = int(sandbox_client.credentials["child"]["urn"].rsplit(":", 1)[-1])
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO excluded_visitors (application_id, is_address, subject, note, created_at)"
            " SELECT %s, false, n, '', now() FROM generate_series(1, %s) AS n",
            [number, EXCLUDED_VISITORS_MAX - 1],
        )
    headers, path = sandbox_client.headers(), "/partner/excludedVisitors"
    added = sandbox_client.client.post(path, json={"visitor": "the last"}, headers=headers)
    refused = sandbox_client.client.post(path, json={"visitor": "one more"}, headers=headers)
    assert (added.status_code, refused.status_code) == (201, 409)
    assert refused.json()["code"] == "TOO_MANY_EXCLUSIONS"
    found, after, pages = [], 0, 0
    while after is not None:
        page = sandbox_client.client.get(f"{path}?after={after}", headers=headers).json()
        found += [row["id"] for row in page["elements"]]
        after, pages = page["nextAfter"], pages + 1
    assert (len(found), pages) == (EXCLUDED_VISITORS_MAX, EXCLUDED_VISITORS_MAX // EXCLUDED_VISITORS_PAGE + 1)
    assert found == sorted(set(found))


def test_an_exclusion_applies_from_the_next_batch_and_its_removal_too(sandbox_client):
    """A process reads only what was added; what was removed no longer applies, although it is still known."""
    job_id, headers = sandbox_client.post_job("excluding"), sandbox_client.headers()
    path, counts = "/partner/excludedVisitors", []
    for turn in range(3):
        kept = [
            sandbox_client.client.post(path, json={"visitor": f"visitor t{turn}{n}"}, headers=headers).json()[
                "id"
            ]
            for n in range(2)
        ]
        sandbox_client.client.delete(f"{path}/{kept[0]}", headers=headers)
        counts.append(sandbox_client.send_clicks(job_id, 3, prefix=f"t{turn}")["rejected"])
    assert counts == [1, 1, 1]


@pytest.mark.parametrize(
    ("base_url", "signed_for", "sent_to", "status"),
    [
        ("https://jobs.example", "https://jobs.example", "board.example", 404),
        ("https://jobs.example", "http://jobs.example", "board.example", 404),
        ("https://jobs.example", "https://evil.example", "evil.example", 401),
        ("http://127.0.0.1:8700", "http://board.example", "board.example", 404),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700", "board.example", 404),
    ],
)
def test_a_signature_is_for_the_configured_host(database_url, base_url, signed_for, sent_to, status):
    with open_sandbox_client(database_url, base_url=base_url) as sandbox_client:
        keys = sandbox_client.credentials["child"]
        keys = keys | {"client_secret": asyncio.run(make_signing_secret(database_url, sandbox_client, keys))}
        header = sign(keys, "GET", f"{signed_for}/v1/jobs/1")
        answer = sandbox_client.client.get("/v1/jobs/1", headers={"Authorization": header, "Host": sent_to})
        assert answer.status_code == status, answer.text
        twice = sandbox_client.client.get("/v1/jobs/1?oauth_signature=a", headers={"Authorization": header})
        assert (twice.status_code, twice.headers["oauth_problem"]) == (401, "parameter_rejected")
