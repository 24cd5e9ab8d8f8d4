"""Runs every case of the shared vector file through our readers and writers; skipped if the file is absent.

Owns the mapping from kinds of case to our functions. Our own vectors are in the other files of this folder.
"""

import json

import pytest

from jobmeter.wire.restli.dotted import read_segment
from jobmeter.wire.restli.elements import decode_element, decode_reduced
from jobmeter.wire.restli.encoding import Escape, encode_element, encode_query
from jobmeter.wire.restli.keys import encode_body_key, encode_path_key, split_path
from jobmeter.wire.restli.projection import parse_mask
from jobmeter.wire.restli.queries import decode_query
from jobmeter.wire.restli.syntax import Protocol, RestliSyntaxError
from jobmeter.wire.restli.tunnel import Message, open_tunnel
from tests.support.paths import SHARED

VECTORS = SHARED / "fixtures" / "restli_vectors.json"

# The Python client writes nothing for the empty string; LinkedIn's own server and the JavaScript client write ''.
PYTHON_EMPTIES = {None: "null", "": "''"}


def _read_cases():
    if not VECTORS.exists():
        return [
            pytest.param("", {}, marks=pytest.mark.skip(reason=f"no {VECTORS.name} next to the checkout"))
        ]
    groups = json.loads(VECTORS.read_text(encoding="utf-8"))["groups"]
    return [
        pytest.param(group["kind"], case, id=f"{group['id']}-{number}")
        for group in groups
        for number, case in enumerate(group["cases"])
    ]


def _check_reader(read, case):
    if "error" not in case:
        assert read(case["input"]) == case["expected"]
        return
    with pytest.raises(RestliSyntaxError) as caught:
        read(case["input"])
    if case["error"] is not True:
        assert caught.value.text == case["error"]


def _check_segment(case):
    def read(text):
        segment = read_segment(text)
        return {"name": segment.name, "index": segment.position}

    _check_reader(read, case)


def _check_element_writer(case):
    for place, escape in (("none", Escape.BODY), ("path", Escape.PATH), ("query", Escape.QUERY)):
        if place in case:
            assert encode_element(case["value"], escape=escape, sort_keys=True) == case[place]
    # The parser must accept the output of each of these; numbers are returned as text.
    for place in ("path", "query"):
        if place in case:
            assert decode_element(case[place]) == case["value"]


def _check_query_writer(case):
    assert encode_query(case["value"], sort_keys=True) == case["query"]


def _check_key(case):
    assert encode_body_key(case["key"], Protocol.V1) == case["v1"]
    assert encode_body_key(case["key"], Protocol.V2) == case["v2"]


def _check_body_key(case):
    assert encode_body_key(case["key"], Protocol.V1) == case["body_v1"]
    assert encode_body_key(case["key"], Protocol.V2) == case["body_v2"]
    if "header_v2" in case:
        assert encode_body_key(case["key"], Protocol.V2) == case["header_v2"]
        assert encode_path_key(case["key"]) == case["path_v2"]


def _check_javascript_writer(case):
    assert encode_element(case["value"]) == case["encode"]
    assert encode_element(case["value"], escape=Escape.REDUCED) == case["reducedEncode"]
    assert encode_query(case["value"]) == case["paramEncode"]


def _check_python_writer(case):
    value = case["value"]
    if "paramEncode" in case:
        assert encode_query(value, sort_keys=True) == case["paramEncode"]
    elif value is None or value == "":
        assert encode_element(value) == PYTHON_EMPTIES[value]
    else:
        assert encode_element(value, sort_keys=True) == case["encode"]


def _check_url(case):
    segments = split_path(case["url"].removeprefix("https://api.linkedin.com"))
    resource = case["resourcePath"]
    for name, key in (case["pathKeys"] or {}).items():
        resource = resource.replace(f"{{{name}}}", encode_path_key(key))
    assert segments == ("rest" if case["version"] else "v2", *split_path(resource))


def _check_tunnel(case):
    headers = {name.lower(): value for name, value in case["request"]["headers"].items()}
    path, _, query = case["request"]["target"].partition("?")
    message = Message(
        case["request"]["method"], query, headers.get("content-type"), case["request"]["body"].encode()
    )
    override = headers.get("x-http-method-override")
    if case.get("error"):
        with pytest.raises(RestliSyntaxError):
            open_tunnel(message, override)
        return
    opened = open_tunnel(message, override)
    effective = case["effective"]
    effective_path, _, effective_query = effective["target"].partition("?")
    assert (opened.method, path, opened.query) == (effective["method"], effective_path, effective_query)
    assert opened.body.decode() == effective["body"]
    if "content_type" in effective:
        assert opened.content_type == effective["content_type"]


CHECKS = {
    "decode_element_v2": lambda case: _check_reader(decode_element, case),
    "decode_query_v2": lambda case: _check_reader(lambda raw: decode_query(raw, Protocol.V2), case),
    "decode_query_v1": lambda case: _check_reader(lambda raw: decode_query(raw, Protocol.V1), case),
    "decode_reduced": lambda case: _check_reader(decode_reduced, case),
    "path_segment_v1": _check_segment,
    "uri_mask": lambda case: _check_reader(parse_mask, case),
    "http_tunnel": _check_tunnel,
    "encode_element_v2": _check_element_writer,
    "encode_query_v2": _check_query_writer,
    "encode_key": _check_key,
    "encode_body_key": _check_body_key,
    "encode_js": _check_javascript_writer,
    "encode_py": _check_python_writer,
    "build_url": _check_url,
}


@pytest.mark.parametrize(("kind", "case"), _read_cases())
def test_every_shared_case(kind, case):
    CHECKS[kind](case)
