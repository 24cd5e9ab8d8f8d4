"""Owns examples: a value for a schema, what a request of an operation needs, and the command line for curl that sends it.

Does not own the schemas (``schemas``) or the page (``document``).
"""

import re
import shlex
from typing import Any

import msgspec

from jobmeter.api.openapi.schemas import Schema
from jobmeter.http.endpoints import JSON
from jobmeter.wire.restli.tunnel import FORM

REFERENCE = "#/components/schemas/"
DEPTH_MAX = 6
_KEYS = {"accessToken": "CHILD", "operatorKey": "OPERATOR_KEY", "eventsKey": "EVENTS_KEY"}
_TEXTS = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2026-11-28",
    "date-time": "2026-11-28T09:00:00Z",
}
# What a partner may do, and not its customers.
_OF_PARENT = ("/v1/", "/v2/provisioned", "/v2/developer", "/rest/partnerBudget", "/partner/")
SLOT = re.compile(r"\{(\w+)\}")


def make_example(schema: Schema, schemas: dict[str, Schema], *, depth: int = 0) -> Any:
    """Returns a small value of the schema: its own example, or one of its required parts."""
    if depth > DEPTH_MAX:
        return None
    given = [*schema.get("examples", ()), *_list_constants(schema), *schema.get("enum", ())]
    if given:
        return given[0]
    if "$ref" in schema:
        return make_example(schemas[schema["$ref"].removeprefix(REFERENCE)], schemas, depth=depth + 1)
    choices = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    chosen = next((choice for choice in choices if choice.get("type") != "null"), None)
    return (
        _make_of_type(schema, schemas, depth)
        if chosen is None
        else make_example(chosen, schemas, depth=depth + 1)
    )


def _list_constants(schema: Schema) -> list[Any]:
    found = [schema.get("const"), schema.get("default")]
    return [
        value for value in found if value is not None and value != "" and not isinstance(value, list | dict)
    ]


def _make_of_type(schema: Schema, schemas: dict[str, Schema], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        wanted = schema.get("required") or list(schema.get("properties", {}))[:2]
        return {
            name: make_example(schema["properties"][name], schemas, depth=depth + 1)
            for name in wanted
            if name in schema.get("properties", {})
        }
    if kind == "array":
        return [make_example(schema.get("items", {}), schemas, depth=depth + 1)]
    if kind in {"integer", "number"}:
        return max(int(schema.get("minimum", 1)), 1)
    if kind == "boolean":
        return True
    return _TEXTS.get(schema.get("format", ""), "...")


def make_curl(verb: str, path: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> str:
    """Returns the command line; ``jobmeter env`` sets most of its variables, ids of the path are named after them."""
    words = ["curl -s"] if verb in {"get", "post"} else [f"curl -s -X {verb.upper()}"]
    words.append(f'"$BASE{SLOT.sub(lambda slot: "$" + slot[1].upper(), path)}{write_query(operation)}"')
    variable = name_variable(path, operation)
    words += [f'-H "Authorization: Bearer ${variable}"'] if variable else []
    words += ["-H " + shlex.quote(f"{name}: {value}") for name, value in list_headers(operation).items()]
    media, example = choose_body(operation, schemas)
    if media == FORM:
        words += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()]
    elif media:
        words += [f"-H 'Content-Type: {media}'", "-d " + shlex.quote(msgspec.json.encode(example).decode())]
    elif verb == "post":
        words.append("-X POST")
    return " \\\n     ".join(words)


def name_variable(path: str, operation: dict[str, Any]) -> str:
    """Returns the variable of ``jobmeter env`` with the token or key that the operation needs; an empty text if it needs none."""
    schemes = [scheme for option in operation["security"] for scheme in option]
    if not schemes:
        return ""
    return "PARENT" if path.startswith(_OF_PARENT) else _KEYS[schemes[0]]


def list_headers(operation: dict[str, Any]) -> dict[str, str]:
    """Returns the headers that the operation requires; of several versions the newest."""
    return {
        parameter["name"]: parameter["schema"]["enum"][-1]
        for parameter in operation["parameters"]
        if parameter["in"] == "header" and parameter["required"]
    }


def write_query(operation: dict[str, Any]) -> str:
    pairs = []
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and parameter["required"]:
            schema = parameter["schema"]
            inner = schema.get("items", schema)
            value = (inner.get("enum") or inner.get("examples") or ["..."])[0]
            pairs.append(f"{parameter['name']}={value}")
    return f"?{'&'.join(pairs)}" if pairs else ""


def choose_body(operation: dict[str, Any], schemas: dict[str, Schema]) -> tuple[str, Any]:
    """Returns the media type and the example of the body; empty if the operation has none, or one in XML alone."""
    contents = (operation.get("requestBody") or {}).get("content", {})
    for media in (JSON, FORM):
        if media in contents:
            return media, make_example(contents[media]["schema"], schemas)
    return "", None
