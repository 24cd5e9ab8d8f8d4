"""The OpenAPI document matches the running server: Schemathesis generates requests, and every response must conform."""

import ast
import inspect
import json
import re
from collections import Counter

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from jobmeter.api.openapi.document import build_document
from jobmeter.api.openapi.schemas import JOB_EXAMPLE, SCHEMAS
from jobmeter.api.routes import CANDIDATE, DOCUMENTS, ENDPOINTS, PLAIN, RESTLI, XML_JOBS
from jobmeter.http.parameters import PAGE
from jobmeter.jobs.postings.schema import Element
from jobmeter.sandbox.endpoints import ENDPOINTS as SANDBOX
from tests.conftest import TEMPLATE, make_database
from tests.slow.fuzz.record import append, make_row
from tests.support.sandbox_client import bearer
from tests.support.server_process import start_sandbox_server

DOCUMENT = build_document(restli=RESTLI, plain=(*CANDIDATE, *PLAIN, *SANDBOX), xml=XML_JOBS)
DOCUMENTED = [(verb, path) for path, verbs in DOCUMENT["paths"].items() for verb in verbs]
# Not generated: documents in XML, signed links, and the clock, which every other request depends on.
OPERATIONS = [
    (verb, path) for verb, path in DOCUMENTED if not path.startswith(("/v1/", "/jobs", "/sandbox/"))
]
PARENTS = ("provisionedApplications", "developerApplicationsSecurity", "partnerBudgetReports", "/partner/")
# Three checks are excluded. They need rules that JSON Schema cannot express (which dates are past, which parameters
# exclude each other), or refusals of requests that real clients send although undocumented (clients 2.1 to 2.6).
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
    checks.ignored_auth,
]
EXAMPLES = settings(
    max_examples=2,  # the slow suite has many more
    database=None,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server_process(cluster_url, tmp_path_factory):
    """A sandbox in a separate process; yields its credentials."""
    made = make_database(cluster_url, TEMPLATE)
    with start_sandbox_server(next(made), tmp_path_factory.mktemp("sandbox")) as credentials:
        yield credentials
    made.close()


@pytest.fixture(scope="module")
def schema(server_process):
    return schemathesis.openapi.from_url(f"{server_process['base_url']}/openapi.json")


@pytest.fixture(scope="module")
def keys(server_process):
    """Headers for each way to authenticate."""
    tokens = {who: make_token(server_process, who) for who in ("child", "parent")}
    return {
        "operatorKey": bearer(server_process["operator_key"]),
        "eventsKey": bearer(server_process["events_key"]),
        "child": bearer(tokens["child"]),
        "parent": bearer(tokens["parent"]),
    }


@pytest.fixture(scope="module")
def client(server_process):
    """One client for all requests: to make one, with its certificates, takes longer than a request."""
    with httpx2.Client(base_url=server_process["base_url"]) as opened:
        yield opened


def make_token(server_process, who):
    form = {name: server_process[who][name] for name in ("client_id", "client_secret")}
    answer = httpx2.post(
        f"{server_process['base_url']}/oauth/v2/accessToken", data=form | {"grant_type": "client_credentials"}
    )
    return answer.json()["access_token"]


def sign_in(keys, path, verb):
    schemes = [scheme for option in DOCUMENT["paths"][path][verb]["security"] for scheme in option]
    if not schemes:
        return {}
    if schemes != ["accessToken"]:
        return keys[schemes[0]]
    return keys["parent" if any(name in path for name in PARENTS) else "child"]


@pytest.mark.parametrize(("verb", "path"), OPERATIONS, ids=lambda value: value)
def test_every_response_conforms_to_the_document(schema, keys, verb, path):
    act_on(schema, sign_in(keys, path, verb), (path, verb), EXAMPLES, Counter())


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "path"), OPERATIONS, ids=lambda value: value)
def test_very_many_responses_conform_to_the_document(schema, keys, verb, path):
    many = settings(EXAMPLES, max_examples=100, derandomize=False)  # other ones in each run
    statuses = Counter()
    try:
        act_on(schema, sign_in(keys, path, verb), (path, verb), many, statuses)
    finally:
        append(make_row("values of and beside the OpenAPI document", 0, statuses))


def act_on(schema, headers, place, examples, statuses):
    """Counts how many responses had each status."""
    path, verb = place
    operation = schema[path][verb.upper()]
    cases = [operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)]
    if operation.body or operation.query:
        cases.append(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))

    @examples
    @given(case=st.one_of(cases))
    def act(case):
        if case.query:
            case.query.pop("wait", None)  # for seconds, as asked
        response = case.call(headers=headers)
        statuses[response.status_code] += 1
        case.validate_response(response, headers=headers, checks=CHECKS)

    act()


def test_the_document_is_served_as_it_is_built(server_process):
    answer = httpx2.get(f"{server_process['base_url']}/openapi.json")
    assert answer.json() == json.loads(json.dumps(DOCUMENT))
    assert answer.json()["openapi"].startswith("3.1")


def test_every_endpoint_is_documented():
    documented = {(verb.upper(), path) for verb, path in DOCUMENTED}
    shown = (row for row in (*ENDPOINTS, *SANDBOX) if row not in DOCUMENTS)
    assert documented == {(row.verb, re.sub(r":\w+\}", "}", row.path)) for row in shown}


def test_each_endpoint_s_body_model_is_its_handler_s_parameter():
    """The body is decoded with the endpoint's model and passed to the handler, which must expect that model."""
    for row in (*PLAIN, *CANDIDATE):
        named = inspect.signature(row.handler).parameters
        model = None if isinstance(row.body, str) else row.body
        assert getattr(named.get("body"), "annotation", None) is model, row.path


def test_every_endpoint_is_in_the_table_once():
    rows = [(row.method, row.path) for row in ENDPOINTS]
    assert len(set(rows)) == len(rows)


def test_required_parameters_are_listed_as_parameters():
    assert all(set(row.required) <= set(row.parameters) for row in ENDPOINTS)


READ = re.compile(
    r'(?:read_(?:query_)?(?:number|id|day|month)\(\s*(?:context\.)?request, |query(?:_params)?\.get\(\s*)"(\w+)"'
)


def list_read_parameters(handler):
    """The names of the parameters that a handler, or a function of its module or of another module of the API, reads."""
    found, waiting, seen = set(), [handler], set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        source = inspect.getsource(function)
        found |= set(READ.findall(source)) | (set(PAGE) if "read_page(context.request)" in source else set())
        found |= {"month"} if "read_query_month(context.request)" in source else set()
        names = {one.id for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Name)}
        known = [function.__globals__.get(name) for name in names]
        waiting += [
            one
            for one in known
            if inspect.isfunction(one)
            and one.__module__.startswith("jobmeter.api.")
            and "http" not in one.__module__
        ]
    return found


@pytest.mark.parametrize("row", [*PLAIN, *CANDIDATE], ids=lambda row: f"{row.verb} {row.path}")
def test_every_parameter_that_a_handler_reads_is_documented(row):
    refused = {"asOf"} if row.path.startswith("/partner/exports/") else set()  # but for job reports
    assert list_read_parameters(row.handler) <= set(row.parameters) | refused


def test_every_reference_resolves_to_a_schema():
    text = json.dumps(DOCUMENT)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named
    assert named <= set(DOCUMENT["components"]["schemas"])


def test_every_field_of_a_job_posting_is_documented():
    fields = {field.alias for field in Element.model_fields.values()}
    assert set(SCHEMAS["JobPosting"]["properties"]) == fields
    required = {field.alias for field in Element.model_fields.values() if field.is_required()}
    assert set(SCHEMAS["JobPosting"]["required"]) == required


def test_the_example_job_is_accepted_by_a_new_sandbox(server_process, keys):
    answer = httpx2.post(
        f"{server_process['base_url']}/rest/simpleJobPostings",
        headers=keys["child"] | {"LinkedIn-Version": "202604", "X-RestLi-Method": "BATCH_CREATE"},
        json={"elements": [JOB_EXAMPLE | {"externalJobPostingId": "as-the-document-says"}]},
    )
    assert [row["status"] for row in answer.json()["elements"]] == [202], answer.text


@pytest.mark.parametrize(("verb", "path"), OPERATIONS, ids=lambda value: value)
def test_the_documented_authentication_is_accepted(client, keys, verb, path):
    if not DOCUMENT["paths"][path][verb]["security"]:
        return
    answer = client.request(verb.upper(), re.sub(r"\{\w+\}", "1", path), headers=sign_in(keys, path, verb))
    assert answer.status_code != 401, answer.text


def test_operation_ids_are_unique():
    names = [DOCUMENT["paths"][path][verb]["operationId"] for verb, path in OPERATIONS]
    assert len(set(names)) == len(names)


def test_the_page_lists_every_endpoint_and_loads_nothing_from_other_hosts(server_process):
    answer = httpx2.get(f"{server_process['base_url']}/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    for verb, path in OPERATIONS:
        operation = DOCUMENT["paths"][path][verb]["operationId"]
        assert f'id="{operation}"' in answer.text
        assert f'<span class="verb">{verb.upper()}</span> {path}</code>' in answer.text
    assert not re.search(r'<pre><code>\{\s*"\$ref"', answer.text)  # bodies are shown, not only referenced
    links = set(re.findall(r'href="#([^"]+)"', answer.text))
    assert "schema-JobPostings" in links
    assert all(f'id="{link}"' in answer.text for link in links)
    assert "``" not in answer.text
    assert "<code>ids=a&amp;ids=b</code>, at most 10<" in answer.text
    assert "<code>integer</code> (Milliseconds since 1970 UTC)" in answer.text
    # The only script is the search, which the policy of the page names by its hash; the icon is part of the page.
    assert answer.text.count("<script>") == 1
    assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]
    shown = re.sub(r'<link rel="icon" href="data:[^"]*">', "", answer.text)
    assert not re.search(r"<script |<link|<img|@import|src=|https?://(?![\w.]*example)", shown)
