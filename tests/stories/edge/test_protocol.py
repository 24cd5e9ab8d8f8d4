"""What all Rest.li resources share: verbs, limits, parameters, projection, versions, response headers."""

from urllib.parse import quote

import pytest

from jobmeter.api.restli.projections import project, read_masks
from jobmeter.api.restli.resources import group_resources
from jobmeter.api.routes import RESTLI
from jobmeter.base.limits import HEADERS_BYTES_MAX, QUERY_BYTES_MAX, URL_BYTES_MAX
from jobmeter.wire.restli.methods import Method
from tests.conftest import TEMPLATE, make_database
from tests.support.sandbox_client import open_sandbox_client

VERBS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND")
ROUTES = [(root, resource) for root, named in group_resources(RESTLI).items() for resource in named.values()]
TASK = "urn:li:simpleJobPostingTask:00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def database_url(cluster_url):
    yield from make_database(cluster_url, TEMPLATE)


@pytest.fixture(scope="module")
def sandbox_client(database_url):
    """Shared: nothing here writes anything that another test would see."""
    with open_sandbox_client(database_url) as opened:
        yield opened


# -- verbs


@pytest.mark.parametrize(("root", "resource"), ROUTES, ids=lambda value: getattr(value, "name", value))
def test_an_unused_verb_is_refused_with_the_allowed_ones(sandbox_client, root, resource):
    for verb in VERBS:
        answer = sandbox_client.client.request(
            verb, f"{root}/{resource.name}", headers=sandbox_client.headers("parent")
        )
        if verb in resource.verbs:
            assert answer.status_code != 405, verb
            continue
        assert answer.status_code == 405, verb
        assert answer.headers["Allow"] == ", ".join(resource.list_allowed(keyed=False))
        assert answer.headers["X-RestLi-Error-Response"] == "true"


def test_an_entity_and_its_resource_allow_different_verbs(sandbox_client):
    allowed = [
        sandbox_client.client.options(f"/v2/provisionedApplications{key}").headers["Allow"]
        for key in ("", "/1", "/1/")
    ]
    assert allowed == ["GET, POST", "GET, POST", "GET, POST"]
    others = [
        sandbox_client.client.options(f"/rest/jobCampaigns{key}").headers["Allow"] for key in ("", "/1")
    ]
    assert others == ["POST", "GET, POST"]


def test_the_verb_is_checked_before_the_caller(sandbox_client):
    assert sandbox_client.client.delete("/rest/partnerJobReports").status_code == 405
    assert sandbox_client.client.get("/rest/partnerJobReports").status_code == 401


def test_the_tunnelled_verb_is_used(sandbox_client):
    headers = sandbox_client.headers("parent") | {"Content-Type": "application/x-www-form-urlencoded"}
    statuses = {
        verb: sandbox_client.client.post(
            "/rest/partnerBudgetReports", headers=headers | {"X-HTTP-Method-Override": verb}, content="a=b"
        ).status_code
        for verb in ("GET", "DELETE", "FOO")
    }
    assert statuses == {"GET": 403, "DELETE": 405, "FOO": 400}


@pytest.mark.parametrize("path", ["/health", "/oauth/v2/accessToken", "/operator/partners"])
def test_plain_endpoints_list_their_verbs_too(sandbox_client, path):
    answer = sandbox_client.client.request("PATCH", path)
    assert answer.status_code == 405
    assert answer.headers["Allow"]


# -- paths


@pytest.mark.parametrize(
    "path",
    [
        "/rest/partnerJobReports/key/more",
        "/rest/partnerBudgetReports/key",
        "/rest/noSuchResource",
        "/rest//partnerJobReports",
        "/rest",
    ],
)
def test_an_unknown_path_is_not_found(sandbox_client, path):
    answer = sandbox_client.client.get(path, headers=sandbox_client.headers("parent"))
    assert (answer.status_code, answer.json()["message"]) == (404, "No virtual resource found")


def test_an_unknown_unversioned_resource_is_named(sandbox_client):
    answer = sandbox_client.client.get("/v2/nothing", headers=sandbox_client.headers())
    assert answer.json() == {
        "status": 404,
        "serviceErrorCode": 0,
        "message": "Resource nothing does not exist",
    }


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_trailing_slash_is_ignored(sandbox_client, slash):
    answer = sandbox_client.client.get(
        f"/rest/partnerBudgetReports{slash}", headers=sandbox_client.headers("parent")
    )
    assert answer.status_code == 200


# -- sizes


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (f"/rest/partnerJobReports?q={'x' * QUERY_BYTES_MAX}", "the query string"),
        (f"/rest/partnerJobReports/{'x' * 4_097}", "a path segment"),
        (f"/rest/partnerJobReports/{'x' * 4_000}/{'y' * 4_000}/{'z' * 300}", "the URL"),
    ],
)
def test_a_url_above_the_limits_is_refused(sandbox_client, path, what):
    answer = sandbox_client.client.get(path, headers=sandbox_client.headers())
    assert answer.status_code == 414
    assert what in answer.json()["message"]


def test_headers_and_url_together_have_a_size_limit(sandbox_client):
    many = {f"X-Pad-{n}": "x" * 4_000 for n in range(HEADERS_BYTES_MAX // 4_000 + 1)}
    answer = sandbox_client.client.get(
        "/rest/partnerBudgetReports", headers=sandbox_client.headers("parent") | many
    )
    assert answer.status_code == 414


def test_a_tunnelled_query_may_be_longer(sandbox_client):
    ids = ",".join(quote(f"{TASK[:-3]}{n:03}", safe="") for n in range(95))
    query = f"ids=List({ids})"
    assert len(query) > QUERY_BYTES_MAX
    headers = sandbox_client.headers(**{"X-HTTP-Method-Override": "GET", "X-RestLi-Method": "batch_get"})
    answer = sandbox_client.client.post(
        "/rest/simpleJobPostingTasks",
        headers=headers | {"Content-Type": "application/x-www-form-urlencoded"},
        content=query,
    )
    assert len(query) < URL_BYTES_MAX * 2
    assert (answer.status_code, len(answer.json()["errors"])) == (200, 95)


@pytest.mark.parametrize(
    ("more", "status"),
    [([], 411), ([(b"content-length", b"0")], 200), ([(b"transfer-encoding", b"chunked")], 200)],
)
def test_a_post_without_a_body_needs_a_content_length(sandbox_client, more, status):
    headers = [(name.lower().encode(), value.encode()) for name, value in sandbox_client.headers().items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/rest/provisionedHiringContracts",
        "raw_path": b"/rest/provisionedHiringContracts",
        "query_string": b"action=setup",
        "headers": headers + more,
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    sandbox_client.client.portal.call(sandbox_client.client.app, scope, receive, send)
    assert sent[0]["status"] == status


# -- parameters and methods


def test_an_unknown_parameter_is_refused_on_versioned_resources_only(sandbox_client):
    answer = sandbox_client.client.get(
        "/rest/partnerBudgetReports?b=1&a=2&start=0", headers=sandbox_client.headers("parent")
    )
    assert answer.status_code == 403
    assert answer.json() == {
        "status": 403,
        "serviceErrorCode": 100,
        "code": "ACCESS_DENIED",
        "message": "Unpermitted fields present in PARAMETER: "
        "Data Processing Exception while processing fields [/a, /b]",
    }
    query = "q=credentialsByUniqueForeignId&uniqueForeignId=x&holdoutPadding=xxx"
    answer = sandbox_client.client.get(
        f"/v2/provisionedApplications?{query}", headers=sandbox_client.headers("parent")
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/rest/partnerJobReports?q=nothing", 400, "Finder 'nothing' not found"),
        ("/rest/partnerJobReports?q=List(a)", 400, "Finder '['a']' not found"),
        (
            "/rest/simpleJobPostingTasks?q=x",
            403,
            "Not enough permissions to access: simpleJobPostingTasks.FINDER-x.20250401",
        ),
        (
            "/rest/jobPostingStatus/1",
            403,
            "Not enough permissions to access: jobPostingStatus.GET.20250401",
        ),
        (
            "/rest/jobCampaigns",
            403,
            "Not enough permissions to access: jobCampaigns.GET_ALL.20250401",
        ),
        (
            "/v2/jobPostingStatus/1",
            403,
            "Not enough permissions to access: jobPostingStatus.GET.NO_VERSION",
        ),
    ],
)
def test_an_unsupported_method_is_named(sandbox_client, path, status, message):
    answer = sandbox_client.client.get(path, headers=sandbox_client.headers())
    assert (answer.status_code, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize("name", ["batch_get", "BATCH_GET", "Batch_Get", ""])
def test_method_names_are_case_insensitive(sandbox_client, name):
    headers = sandbox_client.headers(**{"X-RestLi-Method": name})
    answer = sandbox_client.client.get(
        f"/rest/simpleJobPostingTasks?ids=List({quote(TASK)})", headers=headers
    )
    assert answer.status_code == 200


def test_a_method_that_contradicts_the_request_is_refused(sandbox_client):
    headers = sandbox_client.headers(**{"X-RestLi-Method": "finder"})
    answer = sandbox_client.client.get("/rest/simpleJobPostingTasks?ids=List(a)", headers=headers)
    assert answer.status_code == 400
    assert "X-RestLi-Method 'FINDER'" in answer.json()["message"]


# -- versions and dialects


@pytest.mark.parametrize("version", ["202504", "202504.01", "20250401", "202604"])
def test_active_versions_are_served(sandbox_client, version):
    headers = sandbox_client.headers("parent", **{"LinkedIn-Version": version})
    assert sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers).status_code == 200


def test_the_active_versions_can_be_configured(sandbox_client, database_url):
    with open_sandbox_client(database_url, active_versions="202701, 202504.02") as later:
        statuses = {
            version: later.client.get(
                "/rest/partnerBudgetReports", headers=later.headers("parent", **{"LinkedIn-Version": version})
            )
            for version in ("202701", "202504.02", "202504")
        }
    assert [answer.status_code for answer in statuses.values()] == [200, 200, 426]
    assert statuses["202504"].json() == {
        "status": 426,
        "code": "NONEXISTENT_VERSION",
        "message": "Requested version 20250401 is not active",
    }


def test_a_version_is_no_longer_served_after_its_sunset(sandbox_client, database_url):
    def ask(client):
        headers = client.headers("parent", **{"LinkedIn-Version": "202311"})
        return client.client.get("/rest/partnerBudgetReports", headers=headers).status_code

    assert ask(sandbox_client) == 200
    today = sandbox_client.now.date()
    with open_sandbox_client(database_url, version_sunsets=f"202311={today.isoformat()}") as later:
        assert ask(later) == 426


def test_a_missing_version_is_refused_by_the_gateway(sandbox_client):
    headers = sandbox_client.headers("parent")
    del headers["LinkedIn-Version"]
    answer = sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "VERSION_MISSING")
    assert answer.headers["X-RestLi-Gateway-Error"] == "true"


@pytest.mark.parametrize(
    ("sent", "version", "mark"),
    [
        ("2.0.0", "2.0.0", "X-RestLi-Error-Response"),
        ("1.0.0", "1.0.0", "X-LinkedIn-Error-Response"),
        (None, "1.0.0", "X-LinkedIn-Error-Response"),
    ],
)
def test_the_response_names_its_protocol_version(sandbox_client, sent, version, mark):
    headers = sandbox_client.headers("parent")
    del headers["X-RestLi-Protocol-Version"]
    if sent is not None:
        headers["X-RestLi-Protocol-Version"] = sent
    good = sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers)
    bad = sandbox_client.client.get("/rest/partnerBudgetReports?partnerContractId=x", headers=headers)
    assert (good.status_code, good.headers["X-RestLi-Protocol-Version"]) == (200, version)
    assert mark not in good.headers
    assert (bad.status_code, bad.headers["X-RestLi-Protocol-Version"], bad.headers[mark]) == (
        400,
        version,
        "true",
    )


def test_an_unknown_protocol_version_is_named(sandbox_client):
    headers = sandbox_client.headers("parent", **{"X-RestLi-Protocol-Version": "3.0.0"})
    answer = sandbox_client.client.get("/rest/partnerBudgetReports", headers=headers)
    assert answer.status_code == 400
    message = "Rest.li protocol version 3.0.0 used by the client is not supported!"
    assert answer.json()["message"] == message


def test_each_response_has_its_own_ids_and_the_remaining_quota(sandbox_client):
    headers = sandbox_client.headers("parent")
    answers = [
        sandbox_client.client.get(f"/rest/partnerBudgetReports{query}", headers=headers)
        for query in ("", "", "?x=1")
    ]
    ids = {answer.headers[name] for answer in answers for name in ("x-li-uuid", "x-li-request-id")}
    assert len(ids) == 6
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
    assert left == [left[0], left[0] - 1, left[0] - 2]


# -- projection


def test_fields_reduce_the_response_of_a_single_resource(sandbox_client):
    answer = sandbox_client.client.get(
        "/rest/partnerBudgetReports?fields=serviceTermStartAt,partnerBudgetDetails:(serviceTermBudgetSpent:(amount))",
        headers=sandbox_client.headers("parent"),
    )
    content = answer.json()
    assert set(content) == {"serviceTermStartAt", "partnerBudgetDetails"}
    assert content["partnerBudgetDetails"] == [{"serviceTermBudgetSpent": {"amount": "0.00"}}]


def test_a_malformed_mask_is_refused_before_the_handler_runs(sandbox_client):
    answer = sandbox_client.client.get(
        "/rest/partnerBudgetReports?fields=a:(b", headers=sandbox_client.headers("parent")
    )
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid query parameters syntax")


ENTITY = {"a": 1, "b": {"c": 2, "d": 3}}


@pytest.mark.parametrize(
    ("method", "content", "cut"),
    [
        (Method.GET, ENTITY, {"b": {"c": 2}}),
        (
            Method.BATCH_GET,
            {"results": {"k": ENTITY}, "statuses": {}, "errors": {"e": {"a": 1}}},
            {"results": {"k": {"b": {"c": 2}}}, "statuses": {}, "errors": {"e": {"a": 1}}},
        ),
        (
            Method.FINDER,
            {"elements": [ENTITY], "paging": {"start": 0}},
            {"elements": [{"b": {"c": 2}}], "paging": {"start": 0}},
        ),
        (Method.ACTION, {"value": ENTITY}, {"value": {"b": {"c": 2}}}),
        (Method.CREATE, ENTITY, ENTITY),
        (Method.BATCH_CREATE, {"elements": [ENTITY]}, {"elements": [ENTITY]}),
        (Method.GET, b'{"a":1,"b":{"c":2,"d":3}}', {"b": {"c": 2}}),
    ],
)
def test_the_mask_applies_to_the_entities_in_the_envelope(method, content, cut):
    masks = read_masks({"fields": "b:(c)"})
    assert project(masks, method, content) == cut


def test_paging_has_its_own_mask():
    masks = read_masks({"pagingFields": "total", "fields": ""})
    content = {"elements": [ENTITY], "paging": {"start": 0, "total": 5}}
    assert project(masks, Method.FINDER, content) == {"elements": [ENTITY], "paging": {"total": 5}}


def test_without_a_mask_the_content_is_not_copied():
    content = b"{}"
    assert project(read_masks({}), Method.GET, content) is content
