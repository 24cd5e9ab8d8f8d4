"""Owns the OpenAPI 3.1 document of all endpoints, built from their table: ``GET /openapi.json`` and ``/docs``.

Does not own the table (``api.routes``) or the schemas (``schemas``).
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from jobmeter import __version__
from jobmeter.api.openapi.names import name_operation
from jobmeter.api.openapi.page import render_page
from jobmeter.api.openapi.plain_parameters import describe_parameter, describe_step
from jobmeter.api.openapi.replies import REPLIES, REPLY_SCHEMAS
from jobmeter.api.openapi.schemas import (
    IDS,
    IDS_OTHERS,
    PAGING,
    PARAMETERS,
    SCHEMAS,
    Schema,
    refer,
)
from jobmeter.api.restli.resources import RestliEndpoint
from jobmeter.api.xml.gateway import XmlEndpoint
from jobmeter.base.faults import Fault
from jobmeter.http.context import RequestContext
from jobmeter.http.endpoints import JSON, AnyEndpoint, Audience, Endpoint
from jobmeter.http.plain import PlainEndpoint
from jobmeter.http.responses import json_response
from jobmeter.wire.restli.tunnel import FORM
from jobmeter.wire.restli.versions import ACTIVE_VERSIONS

VERSIONED = "/rest/"
NO_TEXT = {"const": "", "type": "string"}
_CONVERTOR = re.compile(r"\{(\w+):(\w+)\}")
_TYPES = {
    "int": {"type": "integer", "format": "int64", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}
_SCHEMES = {
    Audience.PARTNER: "accessToken",
    Audience.OPERATOR: "operatorKey",
    Audience.BOARD: "eventsKey",
}
_ABOUT = (
    "Endpoints under /rest and /v2 use Rest.li. Their query parameters are described here in protocol 1.0.0 (ids=a&ids=b, "
    "dateRange.start.year=2026); with X-RestLi-Protocol-Version 2.0.0 they are List(a,b) and "
    "(start:(year:2026,month:11,day:1),end:(...)). Every write accepts an Idempotency-Key."
)


def make_document_endpoints(
    *, restli: Sequence[RestliEndpoint], plain: Sequence[PlainEndpoint], xml: Sequence[XmlEndpoint]
) -> tuple[PlainEndpoint, PlainEndpoint]:
    """Returns the endpoints of the document and of its page, which needs no script and loads nothing from other hosts."""

    # Together they take a tenth of a second: they are made when somebody reads them, so that no process starts later for them,
    # and in a thread, so that no other request waits.
    @cache
    def describe() -> dict[str, Any]:
        return build_document(restli=restli, plain=plain, xml=xml)

    @cache
    def render() -> tuple[str, dict[str, str]]:
        return render_page(describe())

    async def show_document(_: RequestContext) -> Response:
        return json_response(await asyncio.to_thread(describe))

    async def show_page(_: RequestContext) -> Response:
        page, headers = await asyncio.to_thread(render)
        return HTMLResponse(page, headers=headers)

    return (
        Endpoint(
            "GET",
            "/openapi.json",
            show_document,
            audience=Audience.PUBLIC,
            summary="Get the OpenAPI 3.1 document",
        ),
        Endpoint(
            "GET",
            "/docs",
            show_page,
            audience=Audience.PUBLIC,
            media="text/html",
            summary="Show the endpoints as a page",
        ),
    )


def build_document(
    *, restli: Sequence[RestliEndpoint], plain: Sequence[PlainEndpoint], xml: Sequence[XmlEndpoint]
) -> dict[str, Any]:
    """Builds the document. Methods that share a verb and a path become one operation, as OpenAPI requires."""
    groups: dict[tuple[str, str], list[RestliEndpoint]] = {}
    for row in restli:
        groups.setdefault((row.path, row.verb), []).append(row)
    paths: dict[str, dict[str, Any]] = {}
    for (path, verb), rows in groups.items():
        paths.setdefault(path, {})[verb.lower()] = _describe_restli(rows)
    for endpoint in plain:
        path = _CONVERTOR.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.verb.lower()] = _describe_plain(endpoint, path)
    for job_endpoint in xml:
        paths.setdefault(job_endpoint.path, {})[job_endpoint.verb.lower()] = _describe_xml(job_endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jobmeter", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS | REPLY_SCHEMAS | _describe_models(plain),
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer"},
                "operatorKey": {"type": "http", "scheme": "bearer"},
                "eventsKey": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _describe_restli(rows: list[RestliEndpoint]) -> dict[str, Any]:
    """Describes the endpoints of one verb and path as one operation."""
    first = rows[0]
    resource = first.path.split("/")[2]
    described: dict[str, Any] = {
        "operationId": name_operation(rows),
        "tags": [resource],
        "summary": "; ".join(row.summary for row in rows),
        "parameters": _describe_parameters(resource, rows),
        "security": _describe_security(first),
        "responses": _describe_replies(rows) | _describe_faults(_RESTLI_FAULTS, "RestliError"),
    }
    bodies = list(dict.fromkeys(_name_body(row) for row in rows if row.body))
    if bodies:
        schema = refer(bodies[0]) if len(bodies) == 1 else {"anyOf": [refer(body) for body in bodies]}
        is_needed = all(row.body for row in rows) and not any(row.kind == "ACTION" for row in rows)
        described["requestBody"] = {"required": is_needed, "content": {JSON: {"schema": schema}}}
    return described


def _describe_parameters(resource: str, rows: list[RestliEndpoint]) -> list[dict[str, Any]]:
    first, kinds = rows[0], {row.kind for row in rows}
    found = [_header("X-RestLi-Protocol-Version", ["1.0.0"], is_required=False)]
    if first.path.startswith(VERSIONED):
        found.append(_header("LinkedIn-Version", list(ACTIVE_VERSIONS), is_required=True))
    if kinds == {"BATCH_CREATE"}:
        found.append(_header("X-RestLi-Method", ["BATCH_CREATE"], is_required=True))
    if first.is_keyed:
        found.append(
            {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        )
    for name, kind in (("action", "ACTION"), ("q", "FINDER")):
        chosen = [row.method.partition(" ")[2] for row in rows if row.kind == kind]
        if chosen:
            schema = {"type": "string", "enum": chosen}
            found.append(_query(name, schema, is_required=len(chosen) == len(rows)))
    if "BATCH_GET" in kinds:
        found.append(_query("ids", IDS.get(resource, IDS_OTHERS), is_required=kinds == {"BATCH_GET"}))
    if "FINDER" in kinds:
        found += [_query(name, schema) for name, schema in PAGING.items()]
    for name in dict.fromkeys(one for row in rows for one in row.parameters):
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
    """Returns the HTTP statuses of the faults with codes in these thousands."""
    return tuple(sorted({fault.row.status for fault in Fault if fault.row.code // 1_000 in thousands}))


_RESTLI_FAULTS = _list_statuses(1, 3, 4, 6, 9)
_OAUTH_FAULTS = _list_statuses(1, 2, 9)
_XML_FAULTS = _list_statuses(7, 9)
_PLAIN_FAULTS = _list_statuses(1, 3, 4, 5, 6, 8, 9)


def _describe_replies(rows: Sequence[AnyEndpoint]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        for status in row.statuses:
            reply = found.setdefault(str(status), {"description": row.summary})
            if name := REPLIES.get(name_operation(rows), row.reply):
                content = reply.setdefault("content", {})
                for media in (row.media, *row.other_media):
                    choices = content.setdefault(media, {"schema": {"anyOf": []}})["schema"]["anyOf"]
                    choices += [refer(name)] if refer(name) not in choices else []
    return found


def _describe_faults(statuses: tuple[int, ...], schema: str) -> dict[str, Any]:
    return {
        str(status): {"description": "Refused", "content": {JSON: {"schema": refer(schema)}}}
        for status in statuses
    }


def _describe_plain(endpoint: PlainEndpoint, path: str) -> dict[str, Any]:
    is_oauth = endpoint.audience is Audience.CLIENT
    faults = (
        _describe_faults(_OAUTH_FAULTS, "OAuthError")
        if is_oauth
        else _describe_faults(_PLAIN_FAULTS, "PlainError")
    )
    described: dict[str, Any] = {
        "operationId": name_operation([endpoint]),
        "tags": [path.split("/")[1]],
        "summary": endpoint.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _TYPES.get(kind) or describe_step(name)}
            for name, kind in re.findall(r"\{(\w+)(?::(\w+))?\}", endpoint.path)
        ]
        + [
            _query(name, describe_parameter(path, name), is_required=name in endpoint.required)
            for name in endpoint.parameters
        ],
        "responses": _describe_replies([endpoint]) | faults,
        "security": _describe_security(endpoint),
    }
    if endpoint.body:
        content = {FORM if is_oauth else JSON: {"schema": refer(_name_body(endpoint))}}
        described["requestBody"] = {"required": True, "content": content}
    details = read_details(endpoint.handler)
    return described | ({"description": details} if details else {})


def _describe_xml(endpoint: XmlEndpoint) -> dict[str, Any]:
    """Describes an endpoint whose documents are XML, or the equivalent JSON."""
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "a job id, id=... or partner-job-id=..., a GET also with a field selector",
        "schema": {"type": "string", "minLength": 1},
    }
    described: dict[str, Any] = {
        "operationId": name_operation([endpoint]),
        "tags": ["v1"],
        "summary": endpoint.summary,
        "parameters": [key] if "{key}" in endpoint.path else [],
        "responses": _describe_replies([endpoint])
        | {
            str(status): {
                "description": "Refused",
                "content": {
                    endpoint.media: {"schema": refer("XmlError")},
                    JSON: {"schema": refer("XmlError")},
                },
            }
            for status in _XML_FAULTS
        },
        "security": _describe_security(endpoint),
    }
    if endpoint.verb in {"POST", "PUT"}:
        document = {"schema": refer("XmlJob")}
        described["requestBody"] = {"required": True, "content": {endpoint.media: document, JSON: document}}
    return described


def read_details(handler: Callable[..., Any]) -> str:
    """Returns the first line of a handler's docstring."""
    return (handler.__doc__ or "").strip().partition("\n")[0].replace("``", "")


def _describe_security(endpoint: AnyEndpoint) -> list[dict[str, list[str]]]:
    scheme = _SCHEMES.get(endpoint.audience)
    return [] if scheme is None else [{scheme: []}]


def _name_body(endpoint: AnyEndpoint) -> str:
    return endpoint.body if isinstance(endpoint.body, str) else endpoint.body.__name__


def _describe_models(endpoints: Sequence[PlainEndpoint]) -> dict[str, Schema]:
    """Returns the schemas of bodies that are pydantic models."""
    models: dict[str, type[BaseModel]] = {}
    for endpoint in endpoints:
        if not isinstance(endpoint.body, str):
            known = models.setdefault(endpoint.body.__name__, endpoint.body)
            assert known is endpoint.body, f"two bodies are named {known.__name__}"
    found: dict[str, Schema] = {}
    for name, model in models.items():
        schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[name] = schema
    return {name: _tidy(schema) for name, schema in found.items()}


def _tidy(schema: Any) -> Any:
    """Removes what generators of clients make superfluous types of: titles, which repeat names, and the choice of no text."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema.replace("``", "") if isinstance(schema, str) else schema
    tidied = {name: _tidy(one) for name, one in schema.items() if name != "title" or not isinstance(one, str)}
    if tidied.get("anyOf", [])[1:] == [NO_TEXT]:
        return tidied.pop("anyOf")[0] | tidied
    return tidied
