"""Recorded Rest.li requests of real clients; skipped if the recordings are absent."""

import json

import pytest

from jobmeter.wire.restli.keys import split_path
from jobmeter.wire.restli.methods import infer_method
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError, read_protocol
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from jobmeter.wire.restli.values import read_texts
from jobmeter.wire.restli.versions import Version, check_version
from tests.support.paths import SHARED

RECORDED = SHARED / "fixtures" / "recorded"
SIMPLE_RESOURCES = {"partnerBudgetReports"}


def _read_requests():
    cases = []
    for file in sorted(RECORDED.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            request = json.loads(line)
            if request["target"].startswith(("/rest/", "/v2/")):
                cases.append(pytest.param(request, id=f"{file.stem}-{number}"))
    return cases or [pytest.param({}, marks=pytest.mark.skip(reason="no recordings next to the checkout"))]


@pytest.mark.parametrize("request_", _read_requests())
def test_every_recorded_request_is_parsed(request_):
    headers = {name.lower(): value for name, value in request_["headers"]}
    path, _, query = request_["target"].partition("?")
    sent = Message(request_["method"], query, headers.get("content-type"), request_["body"].encode())
    meant = open_tunnel(sent, headers.get("x-http-method-override"))
    protocol = read_protocol(headers.get("x-restli-protocol-version"))
    if "List(job-1:other)" in meant.query:
        # The Java SDK joins ids with a colon, which the real parser refuses, and so does ours.
        with pytest.raises(RestliSyntaxError, match="expected '\\)' but found ':'"):
            decode_query(meant.query, protocol)
        parameters = decode_query(meant.query, protocol, colon_lists=True)
    else:
        parameters = decode_query(meant.query, protocol)
    _, resource, *keys = split_path(path)
    keyed = bool(keys) or resource in SIMPLE_RESOURCES
    method = infer_method(meant.method, headers.get("x-restli-method"), parameters, keyed=keyed)

    header = headers.get("x-restli-method")
    assert header is None or method.value == header.upper()
    if method.value == "BATCH_GET":
        assert read_texts("ids", parameters["ids"], single=protocol is Protocol.V1)
    if path.startswith("/rest/"):
        assert isinstance(check_version(headers.get("linkedin-version")), Version)
