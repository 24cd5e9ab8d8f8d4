"""The quick client passes to an application what the usual one does, and returns the same responses."""

import pytest
from starlette.testclient import TestClient

from tests.support.quick_client import QuickClient

TARGETS = ("/a", "/a%2Fb/c?d=%20e&f=", "/%C3%A9?g", "http://other.example:8080/h")


async def echo(scope, receive, send):
    """Answers with the request; in parts, and with a failure before or after it has begun, if the path says so."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    first = await receive()
    seen = {name: value for name, value in scope.items() if name != "extensions"} | {"body": first["body"]}
    if scope["path"] == "/early":
        raise ValueError("early")
    headers = [(b"x-seen", b"1"), (b"set-cookie", b"kept=1")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    if scope["path"] == "/late":
        raise ValueError("late")
    await send({"type": "http.response.body", "body": repr(seen).encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"."})
    assert (await receive())["type"] == "http.disconnect"


def read(client, method, target, **content):
    found = client.request(method, target, **content)
    return found.status_code, found.headers, found.content, found.cookies, found.request.url


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_requests_and_responses_are_those_of_the_usual_client(method):
    content = {"content": b"body"} if method == "POST" else {}
    with TestClient(echo) as usual, QuickClient(echo) as quick:
        for target in TARGETS:
            assert read(quick, method, target, **content) == read(usual, method, target, **content)
        assert read(quick, method, "/a", **content)[0] == 202


@pytest.mark.parametrize("when", ["early", "late"])
def test_a_failure_of_the_application_is_raised_in_the_test(when):
    with QuickClient(echo) as client, pytest.raises(ValueError, match=when):
        client.get(f"/{when}")


def test_a_failure_may_be_a_response():
    with QuickClient(echo, raise_server_exceptions=False) as client:
        assert client.get("/early").status_code == 500


def test_an_application_that_is_not_open_is_called_too():
    assert QuickClient(echo).get("/a").status_code == 202
