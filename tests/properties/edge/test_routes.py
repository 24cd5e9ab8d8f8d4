"""The table of routes answers every request as Starlette's router does, which tries all routes in their order; but who reads an
address with a slash too many is sent on.
"""

import asyncio
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobmeter.api.routes import make_routes
from jobmeter.http.pipeline import RouteTable
from jobmeter.portal.routes import make_page_routes
from jobmeter.sandbox.endpoints import ENDPOINTS


class Echo:
    """The application of a route: its answer says which route it is, and what the parameters are."""

    def __init__(self, number: int) -> None:
        self.number = number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "echo", "route": self.number, "parameters": scope["path_params"]})


def copy_routes(routes: list[Route]) -> list[Route]:
    return [
        Route(route.path, Echo(number), methods=None if route.methods is None else sorted(route.methods))
        for number, route in enumerate(routes)
    ]


ROUTES = copy_routes([*make_routes(ENDPOINTS), *make_page_routes()])
ROUTER = Router(ROUTES, redirect_slashes=False)
TABLE = RouteTable(ROUTER, routes=ROUTES)
SEGMENTS = sorted({segment for route in ROUTES for segment in route.path.split("/") if "{" not in segment})
VALUES = ["7", "0", "-1", "a", "", "days.csv", "x.gif", "ä", "a\n", "%2F", "{token}"]
SEGMENT = st.sampled_from(SEGMENTS) | st.sampled_from(VALUES)
PATHS = st.lists(SEGMENT, max_size=7).map(lambda segments: "/" + "/".join(segments))
ROOTS = st.sampled_from(["", "", "", "/jobs", "/portal", "/unknown"])
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "BREW"]


def ask(app: ASGIApp, path: str, method: str, root: str = "") -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "root_path": root, "path": path, "headers": []}
    with pytest.raises(StopIteration):  # nothing waits, so a loop of events for each request is not needed
        app(scope, receive, send).send(None)
    return sent


def check(path: str, method: str, root: str = "", *, table: ASGIApp = TABLE, router: Router = ROUTER) -> bool:
    """Returns whether the table redirects."""
    found, expected = ask(table, path, method, root), ask(router, path, method, root)
    if found[0].get("status") != 308:
        assert found == expected
        return False
    without = ask(router, path.rstrip("/"), method, root)
    assert method in ("GET", "HEAD")
    assert path.endswith("/")
    assert is_of_own_route(without, router)
    assert not is_of_own_route(expected, router)
    assert dict(found[0]["headers"])[b"location"].decode() == quote(path.rstrip("/"))
    return True


def is_of_own_route(sent: list[Message], router: Router) -> bool:
    """Whether the answer is that of a route which does not take every path in its folder."""
    route = router.routes[sent[0]["route"]] if sent[0]["type"] == "echo" else None
    return isinstance(route, Route) and not route.path.endswith(":path}")


@pytest.mark.parametrize("value", ["7", "abc", "a.b"])
def test_each_route_is_found_by_its_path(value: str) -> None:
    for route in ROUTES:
        path = re.sub(r"\{[^}]*\}", value, route.path)
        assert TABLE.list_candidates(path).count(route) == 1
        for asked in (path, path + "\n", path + "/more", path[:-1], "/" + path, path.upper()):
            check(asked, "GET")
        is_known = path != "/" and is_of_own_route(ask(ROUTER, path, "GET"), ROUTER)
        assert check(path + "/", "GET") == check(path + "//", "HEAD") == is_known
        assert not check(path + "/", "POST")


@given(PATHS, st.sampled_from(METHODS), ROOTS)
def test_any_path_is_answered_as_by_the_router(path: str, method: str, root: str) -> None:
    check(path, method, root)


@given(PATHS, st.sampled_from(["POST", "GET"]), st.data())
def test_routes_that_overlap_are_tried_in_their_order(path: str, method: str, data: st.DataObject) -> None:
    """Also a route for one method alone, which the router remembers when no other takes the path: 405."""
    patterns = ["/", "/{rest:path}", path, path + "/{x}", re.sub("[^/]+$", "{x}", path), path + "/"]
    chosen = data.draw(st.lists(st.sampled_from([one for one in patterns if is_pattern(one)]), max_size=6))
    methods = data.draw(st.lists(st.sampled_from([None, ["GET"]]), min_size=6, max_size=6))
    routes = [
        Route(one, Echo(number), methods=of)
        for number, (one, of) in enumerate(zip(chosen, methods, strict=False))
    ]
    router = Router(routes, redirect_slashes=False)
    table = RouteTable(router, routes=routes)
    for asked in (path, path + "/", path + "/7", "/"):
        check(asked, method, table=table, router=router)


def is_pattern(text: str) -> bool:
    return text.count("{") <= 1 and "{token}" not in text


def test_only_a_few_routes_are_tried() -> None:
    tried = {
        path: len(TABLE.list_candidates(path)) for path in ("/jobs/apply/x", "/operator/unknown", "/x/y/z")
    }
    assert tried["/jobs/apply/x"] <= 2  # its own and that of the root
    assert max(tried.values()) < len(ROUTES) / 10


def test_what_is_no_request_is_left_to_the_router() -> None:
    """Such as the start of the server."""
    passed: list[Scope] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    scope = {"type": "lifespan"}
    asyncio.run(RouteTable(note, routes=ROUTES)(scope, None, None))
    assert passed == [scope]
