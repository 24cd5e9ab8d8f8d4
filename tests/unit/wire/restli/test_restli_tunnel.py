"""Tunnelled queries: the original request, and malformed tunnels."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.wire.restli.syntax import RestliSyntaxError
from jobmeter.wire.restli.tunnel import Message, open_tunnel

FORM = "application/x-www-form-urlencoded"
MIXED = "multipart/mixed; boundary=edge"
PATCH = b'{"patch":{"$set":{"name":"x"}}}'


def make_mixed(*parts, end=b"\r\n--edge--"):
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts).removesuffix(b"\r\n") + end


QUERY_PART = b"Content-Type: application/x-www-form-urlencoded\r\n\r\nids=List(a%2Cb)"
JSON_PART = b"content-type:application/json\r\n\r\n" + PATCH


@pytest.mark.parametrize(
    ("message", "override"),
    [
        (Message("GET", "q=x"), None),
        (Message("GET", "q=x", "application/json"), "GET"),
        (Message("POST", "", FORM, b"ids=List(a)"), None),
        (Message("PUT", "", FORM, b"ids=List(a)"), "GET"),
    ],
)
def test_without_a_tunnel_the_message_is_unchanged(message, override):
    assert open_tunnel(message, override) is message


OPENED = [
    ("GET", Message("POST", "", FORM, b"ids=List(a%3Ab)"), Message("GET", "ids=List(a%3Ab)")),
    (" get ", Message("POST", "x=1", FORM, b"q=y"), Message("GET", "x=1&q=y")),
    (
        "GET",
        Message("POST", "x=1", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
        Message("GET", "x=1"),
    ),
    (
        "DELETE",
        Message("POST", "x=1", "application/json", b"{}"),
        Message("DELETE", "x=1", "application/json", b"{}"),
    ),
    ("GET", Message("POST", "x=1"), Message("GET", "x=1")),
    (
        "POST",
        Message("POST", "x=1", MIXED, make_mixed(QUERY_PART, JSON_PART)),
        Message("POST", "x=1&ids=List(a%2Cb)", "application/json", PATCH),
    ),
    (
        "PUT",
        Message("POST", "", 'multipart/mixed; charset=x; BOUNDARY="edge"', make_mixed(JSON_PART, QUERY_PART)),
        Message("PUT", "ids=List(a%2Cb)", "application/json", PATCH),
    ),
    (
        "GET",
        Message("POST", "", "multipart/mixed, boundary=edge", make_mixed(QUERY_PART)),
        Message("GET", "ids=List(a%2Cb)"),
    ),
    (
        "POST",
        Message(
            "POST",
            "",
            MIXED,
            b"preamble\n--edge\n" + QUERY_PART + b"\n--edge \n\nraw\n\nbody\n--edge--\nepilogue",
        ),
        Message("POST", "ids=List(a%2Cb)", None, b"raw\n\nbody"),
    ),
    (
        "POST",
        Message("POST", "", MIXED, make_mixed(QUERY_PART, JSON_PART, b"X-Other: 1\r\n\r\nlate")),
        Message("POST", "ids=List(a%2Cb)", "application/json", PATCH),
    ),
    (
        "POST",
        Message(
            "POST", "", MIXED, make_mixed(QUERY_PART, b"Content-Type: " + FORM.encode() + b"\r\n\r\na=b")
        ),
        Message("POST", "ids=List(a%2Cb)", FORM, b"a=b"),
    ),
]


@pytest.mark.parametrize(("override", "message", "original"), OPENED)
def test_a_tunnel_is_resolved_to_the_original_request(override, message, original):
    assert open_tunnel(message, override) == original


BLOCKED = [
    ("PATCH", Message("POST", "", FORM, b"q=x"), "cannot be 'PATCH'"),
    ("", Message("POST", "", FORM, b"q=x"), "cannot be ''"),
    ("GET", Message("POST", "", FORM, b"q=\xff"), "not valid UTF-8"),
    ("GET", Message("POST", "", "multipart/mixed", make_mixed(QUERY_PART)), "has no boundary"),
    ("GET", Message("POST", "", MIXED, b""), "no closing boundary"),
    ("GET", Message("POST", "", MIXED, make_mixed(QUERY_PART, end=b"")), "no closing boundary"),
    ("GET", Message("POST", "", MIXED, b"--edge--"), "no part of type"),
    ("GET", Message("POST", "", MIXED, make_mixed(JSON_PART)), "no part of type"),
    ("GET", Message("POST", "", MIXED, make_mixed(b"no blank line")), "without an end of headers"),
]


@pytest.mark.parametrize(("override", "message", "message_text"), BLOCKED)
def test_a_malformed_tunnel_is_refused(override, message, message_text):
    with pytest.raises(RestliSyntaxError, match=message_text):
        open_tunnel(message, override)


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"--edge", b"--", b"\r\n", b"\n", b" ", b"a: b"])).map(b"".join)
)
def test_any_body_is_resolved_or_refused(body):
    with suppress(RestliSyntaxError):
        assert open_tunnel(Message("POST", "", MIXED, body), "GET").method == "GET"


@given(st.binary(max_size=100).filter(lambda body: b"--edge" not in body))
def test_the_original_body_is_unchanged(body):
    part = b"Content-Type: application/octet-stream\r\n\r\n" + body
    packed = b"--edge\r\n" + QUERY_PART + b"\r\n--edge\r\n" + part + b"\r\n--edge--\r\n"
    assert open_tunnel(Message("POST", "", MIXED, packed), "POST").body == body
