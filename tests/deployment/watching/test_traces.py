"""Traces of a real server and worker: what arrives at a receiver of OpenTelemetry's protocol, and that nothing is imported without one."""

import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec

import httpx2
import psycopg
import pytest

from tests.deployment.serving import OPERATOR_KEY, serve, start, wait_until
from tests.support.missing_part import report_missing
from tests.support.sandbox_client import SandboxClient, bearer
from tests.support.server_process import start_sandbox_server
from tests.support.webhook_receiver import open_receiver

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{PARENT_ID}-01"
VISITOR = "visitor-7f3a91"


@dataclass(frozen=True)
class Span:
    name: str
    trace_id: str
    id: str
    parent_id: str
    kind: int
    is_error: bool
    attributes: dict = field(hash=False)


@dataclass(frozen=True)
class Receiver:
    """What a collector receives. ``bodies`` are as they came."""

    url: str
    bodies: list = field(default_factory=list)

    @property
    def spans(self):
        decoder = import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        return [
            Span(
                name=span.name,
                trace_id=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                kind=span.kind,
                is_error=span.status.code == 2,
                attributes={one.key: read_value(one.value) for one in span.attributes},
            )
            for body in list(self.bodies)
            for resource in decoder.ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def find(self, name):
        return [span for span in self.spans if span.name == name]


def read_value(value):
    kind = value.WhichOneof("value")
    return (
        [read_value(one) for one in value.array_value.values]
        if kind == "array_value"
        else getattr(value, kind)
    )


@pytest.fixture
def receiver():
    if find_spec("opentelemetry") is None:
        report_missing("the extra `traces`")
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Receiver(f"http://127.0.0.1:{server.server_port}", bodies)
        server.shutdown()


def send_to(receiver):
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }


@contextmanager
def traced(database_url, folder, receiver, **environment):
    with serve(database_url, folder, **send_to(receiver), **environment) as (_, client):
        yield client


def test_a_request_continues_the_caller_s_trace_and_its_statements_are_its_children(
    database_url, tmp_path, receiver
):
    log = tmp_path / "log"
    with traced(database_url, tmp_path, receiver) as client:
        answer = client.get(
            f"/operator/partners?search={VISITOR}",
            headers=bearer(OPERATOR_KEY) | {"traceparent": TRACEPARENT},
        )
        assert answer.status_code == 200
        (span,) = wait_until(lambda: receiver.find("GET /operator/partners"), log)
        wait_until(lambda: [one for one in receiver.spans if one.parent_id == span.id], log)
    assert (span.trace_id, span.parent_id) == (TRACE_ID, PARENT_ID)
    assert span.kind == 2  # of a server
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/operator/partners",
        "http.response.status_code": 200,
        "jobmeter.request_id": answer.headers["x-li-request-id"],
    }
    statements = [one for one in receiver.spans if one.parent_id == span.id]
    assert {one.name for one in statements} == {"list_partners"}
    assert all(one.kind == 3 and one.trace_id == TRACE_ID for one in statements)
    assert statements[0].attributes == {"db.system.name": "postgresql", "db.query.summary": "list_partners"}
    # Neither values nor what was sent, nor a key.
    sent = b"".join(receiver.bodies)
    assert [secret for secret in (VISITOR, OPERATOR_KEY, "SELECT") if secret.encode() in sent] == []
    assert b"deployment.environment.name" in sent


def test_a_failed_request_is_an_error_without_its_text(database_url, tmp_path, receiver):
    log = tmp_path / "log"
    with traced(database_url, tmp_path, receiver) as client:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ALTER TABLE job_feeds RENAME TO hidden_feeds")
        assert client.get("/operator/feeds", headers=bearer(OPERATOR_KEY)).status_code == 500
        (span,) = wait_until(lambda: receiver.find("GET /operator/feeds"), log)
        (failed,) = wait_until(lambda: [one for one in receiver.spans if one.parent_id == span.id], log)
    assert span.is_error
    assert span.attributes["http.response.status_code"] == 500
    assert failed.is_error
    assert failed.attributes["error.type"] == "UndefinedTable"
    assert b"does not exist" not in b"".join(receiver.bodies)


def test_what_is_asked_together_names_the_requests(database_url, tmp_path, receiver):
    log = tmp_path / "log"
    with traced(database_url, tmp_path, receiver) as client:
        answer = client.get("/partner/jobs", headers=bearer("AQVnobody"))
        assert answer.status_code == 401
        name = answer.headers["x-li-request-id"]
        wait_until(
            lambda: [one for one in receiver.find("group") if name in one.attributes["jobmeter.request_ids"]],
            log,
        )


def test_chores_that_found_work_are_traces_and_a_webhook_continues_one(database_url, tmp_path, receiver):
    log = tmp_path / "log"
    with (
        open_receiver() as hook,
        start_sandbox_server(database_url, tmp_path, **send_to(receiver)) as credentials,
        httpx2.Client(base_url=credentials["base_url"], timeout=60) as client,
    ):
        sandbox = SandboxClient(client, credentials)
        sandbox.post_job("a")
        body = {"kinds": ["BUDGET_ALERT"], "url": hook.url}
        made = client.post("/partner/webhooks", headers=sandbox.headers(), json=body).json()
        client.post(f"/partner/webhooks/{made['id']}/tests", headers=sandbox.headers())
        wait_until(lambda: hook.requests, log)
        wait_until(lambda: receiver.find("carry out tasks"), log)
        (attempt,) = wait_until(lambda: receiver.find("deliver webhook"), log)
        # The end of the server may cancel any chore, which is sent.
        names = {span.name for span in receiver.spans}
    ((headers, _),) = hook.requests
    assert headers["traceparent"].startswith(f"00-{attempt.trace_id}-{attempt.id}-")
    (chore, *_) = receiver.find("carry out tasks")
    assert not chore.parent_id
    assert "claim_tasks" in {span.name for span in receiver.spans if span.parent_id == chore.id}
    # Most chores find nothing to do, four times a second: none of these is sent, nor any of its statements.
    assert names & {"sweep tokens", "expire jobs", "delete_expired_tokens", "lock_expired"} == set()


def test_without_an_endpoint_the_library_is_not_imported():
    script = (
        "import sys, jobmeter.app, jobmeter.cli.server.serve;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_endpoint_without_the_library_is_one_line(database_url, tmp_path):
    if find_spec("opentelemetry") is not None:
        pytest.skip("the extra `traces` is installed")
    log = tmp_path / "log"
    with start(["worker"], log, database_url, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") as worker:
        assert worker.wait(60) == 1
    (line,) = log.read_text().splitlines()
    assert "jobmeter[traces]" in line
