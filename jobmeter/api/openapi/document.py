"""Owns the OpenAPI 3.1 document of the JSON endpoints, built from the table of routes; ``GET /openapi.json``, ``/docs``.

Does not own the schemas (``schemas``) or the words (``operations``).
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from jobmeter import __version__
from jobmeter.api.http.responses import json_response
from jobmeter.api.openapi.operations import BODIES, FORMS, NOT_JSON, PLAIN, RESTLI, Operation
from jobmeter.api.openapi.schemas import IDS, IDS_OTHERS, PAGING, PARAMETERS, RECORD, SCHEMAS, Schema, refer
from jobmeter.api.restli.gateway import Resource
from jobmeter.base.faults import Fault
from jobmeter.wire.restli.tunnel import FORM
from jobmeter.wire.restli.versions import ACTIVE_VERSIONS

JSON = "application/json"
TEMPLATES = Environment(loader=PackageLoader("jobmeter.api.openapi"), autoescape=True)
KEYED_METHODS = frozenset({"GET", "PARTIAL_UPDATE", "UPDATE", "DELETE"})
_VERBS = {"GET": "get", "BATCH_GET": "get", "FINDER": "get", "UPDATE": "put", "DELETE": "delete"}
_CONVERTOR = re.compile(r"\{(\w+):(\w+)\}")
_TYPES = {
    "int": {"type": "integer", "format": "int64", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}

Resources = Sequence[tuple[tuple[str, ...], Resource]]
Endpoint = Callable[[Request], Awaitable[Response]]


def make_endpoints(resources: Resources, plain: Sequence[Route]) -> tuple[Endpoint, Endpoint]:
    """The endpoints of the document and of its page, which needs no script and nothing from elsewhere."""
    document = build_document(resources, plain)
    page = TEMPLATES.get_template("openapi.html").render(
        document=document, verbs=("get", "post", "put", "delete"), signs=_SIGNS
    )

    async def show_document(_: Request) -> Response:
        return json_response(document)

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page)

    return show_document, show_page


def build_document(resources: Resources, plain: Sequence[Route]) -> dict[str, Any]:
    """Methods of one resource that share a verb and a path are one operation: OpenAPI knows no other way."""
    paths: dict[str, dict[str, Any]] = {}
    for roots, resource in resources:
        for root in roots:
            for (is_keyed, verb), names in _group(resource).items():
                path = f"{root}/{resource.name}" + ("/{key}" if is_keyed else "")
                drawn = _describe_restli(root, resource, names, is_keyed=is_keyed)
                paths.setdefault(path, {})[verb] = drawn
    for route in plain:
        if not route.path.startswith(NOT_JSON):
            path = _CONVERTOR.sub(r"{\1}", route.path)
            for verb in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(path, {})[verb.lower()] = _describe_plain(route, path, verb)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobmeter", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS | _describe_models(),
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer"},
                "operatorKey": {"type": "http", "scheme": "bearer"},
                "eventsKey": {"type": "http", "scheme": "bearer"},
            },
        },
    }


_SIGNS = {
    "accessToken": "an access token",
    "operatorKey": "the operator's key",
    "eventsKey": "the job board's key (events key)",
}
_ABOUT = (
    "Endpoints under /rest and /v2 speak Rest.li. Their query parameters are told here in protocol 1.0.0 (ids=a&ids=b, "
    "dateRange.start.year=2026); with X-RestLi-Protocol-Version 2.0.0 they are List(a,b) and "
    "(start:(year:2026,month:11,day:1),end:(...)). Every write takes an Idempotency-Key."
)


def _group(resource: Resource) -> dict[tuple[bool, str], list[str]]:
    groups: dict[tuple[bool, str], list[str]] = {}
    for name in resource.handlers:
        method = name.partition(" ")[0]
        known = RESTLI.get((resource.name, name))
        is_keyed = known.is_keyed if known else method in KEYED_METHODS and not resource.is_single
        groups.setdefault((is_keyed, _VERBS.get(method, "post")), []).append(name)
    return groups


def _describe_restli(root: str, resource: Resource, names: list[str], *, is_keyed: bool) -> dict[str, Any]:
    rows = [RESTLI.get((resource.name, name), Operation(f"{resource.name}: {name}", "")) for name in names]
    drawn: dict[str, Any] = {
        "operationId": _name(f"{root} {resource.name} {' '.join(names)}"),
        "tags": [resource.name],
        "summary": "; ".join(row.summary for row in rows),
        "parameters": _describe_parameters(root, resource, names, rows, is_keyed=is_keyed),
        "security": [{"accessToken": []}],
        "responses": _describe_replies(rows) | _describe_faults(_RESTLI_FAULTS, "RestliError"),
    }
    bodies = list(dict.fromkeys(row.body for row in rows if row.body))
    if bodies:
        schema = refer(bodies[0]) if len(bodies) == 1 else {"anyOf": [refer(body) for body in bodies]}
        is_needed = all(row.body for row in rows) and not any("ACTION" in name for name in names)
        drawn["requestBody"] = {"required": is_needed, "content": {JSON: {"schema": schema}}}
    return drawn


def _describe_parameters(
    root: str, resource: Resource, names: list[str], rows: list[Operation], *, is_keyed: bool
) -> list[dict[str, Any]]:
    methods = [name.partition(" ")[0] for name in names]
    wanted = ["BATCH_CREATE"] if methods == ["BATCH_CREATE"] else []
    found = [_header("X-RestLi-Protocol-Version", ["1.0.0"], is_required=False)]
    if root == "/rest":
        found.append(_header("LinkedIn-Version", list(ACTIVE_VERSIONS), is_required=True))
    if wanted:
        found.append(_header("X-RestLi-Method", wanted, is_required=True))
    if is_keyed:
        found.append(
            {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        )
    for name, method in (("action", "ACTION"), ("q", "FINDER")):
        chosen = [one.partition(" ")[2] for one in names if one.startswith(f"{method} ")]
        if chosen:
            found.append(
                _query(name, {"type": "string", "enum": chosen}, is_required=len(chosen) == len(names))
            )
    if "BATCH_GET" in methods:
        schema = IDS.get(resource.name, IDS_OTHERS)
        found.append(_query("ids", schema, is_required=set(methods) == {"BATCH_GET"}))
    if "FINDER" in methods:
        found += [_query(name, schema) for name, schema in PAGING.items()]
    for name in resource.parameters or ():
        if _VERBS.get(methods[0]) == "get":
            is_required = all(name in row.required for row in rows)
            parts = PARAMETERS.get(name, {name: {"type": "string"}})
            found += [_query(part, schema, is_required=is_required) for part, schema in parts.items()]
    return found


def _header(name: str, values: list[str], *, is_required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": is_required,
        "schema": {"type": "string", "enum": values},
    }


def _query(name: str, schema: Schema, *, is_required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": is_required, "schema": schema}


def _list_statuses(*thousands: int) -> tuple[int, ...]:
    """The statuses of blocks of the table of refusals."""
    return tuple(sorted({fault.row.status for fault in Fault if fault.row.code // 1_000 in thousands}))


_RESTLI_FAULTS = _list_statuses(1, 3, 4, 6, 9)
_OAUTH_FAULTS = _list_statuses(1, 2, 9)
_PLAIN_FAULTS = _list_statuses(1, 3, 4, 5, 6, 8, 9)


def _describe_replies(rows: list[Operation]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        reply = found.setdefault(str(row.status), {"description": row.summary})
        if row.reply:
            content = reply.setdefault("content", {JSON: {"schema": {"anyOf": []}}})
            choices = content[JSON]["schema"]["anyOf"]
            choices += [refer(row.reply)] if refer(row.reply) not in choices else []
    return found


def _describe_faults(statuses: tuple[int, ...], schema: str) -> dict[str, Any]:
    return {
        str(status): {"description": "Refused", "content": {JSON: {"schema": refer(schema)}}}
        for status in statuses
    }


def _describe_plain(route: Route, path: str, verb: str) -> dict[str, Any]:
    known = PLAIN.get(path)
    told = (route.endpoint.__doc__ or route.name.replace("_", " ")).strip().splitlines()[0].replace("``", "")
    is_oauth = path.startswith("/oauth/")
    reply: dict[str, Any] = {"description": "Done"}
    if known is None or known.reply:
        media = known.media if known else JSON
        reply["content"] = {media: {"schema": refer(known.reply) if known else RECORD}}
    drawn: dict[str, Any] = {
        "operationId": _name(f"{verb} {path}"),
        "tags": [path.split("/")[1]],
        "summary": known.summary if known else told,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _TYPES.get(kind, {"type": "string"})}
            for name, kind in _list_path_parameters(route.path)
        ],
        "responses": {"200": reply}
        | ({"201": reply} if known is None else {})
        | (
            _describe_faults(_OAUTH_FAULTS, "OAuthError")
            if is_oauth
            else _describe_faults(_PLAIN_FAULTS, "PlainError")
        ),
        "security": [] if is_oauth or path == "/health" else [{_choose_scheme(path): []}],
    }
    body = _describe_body(path, known, verb)
    return drawn | ({"requestBody": body} if body else {})


def _list_path_parameters(path: str) -> list[tuple[str, str]]:
    names = re.findall(r"\{(\w+)(?::(\w+))?\}", path)
    return [(str(name), str(kind)) for name, kind in names]


def _choose_scheme(path: str) -> str:
    """The board's key for what candidates do and what to show them, tokens for partners, else the operator's key."""
    schemes = {"events": "eventsKey", "delivery": "eventsKey", "partner": "accessToken"}
    return schemes.get(path.split("/")[1], "operatorKey")


def _describe_body(path: str, known: Operation | None, verb: str) -> dict[str, Any]:
    if path in FORMS:
        return {"required": True, "content": {FORM: {"schema": FORMS[path]}}}
    if verb == "GET":
        return {}
    schema = RECORD
    if path in BODIES:
        schema = refer(BODIES[path].__name__)
    elif known is not None and known.body:
        schema = refer(known.body)
    return {"required": True, "content": {JSON: {"schema": schema}}}


def _describe_models() -> dict[str, Schema]:
    """The operator's bodies are pydantic models, which know their own schemas."""
    found: dict[str, Schema] = {}
    for model in BODIES.values():
        schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    for schema in found.values():
        if "description" in schema:
            schema["description"] = schema["description"].replace("``", "")
    return found


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_")
