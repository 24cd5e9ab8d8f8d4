"""Owns examples: a value for a schema, and the command line for curl that calls an operation.

Does not own the schemas (``schemas``) or the page (``document``).
"""

import re
import shlex
from typing import Any

import msgspec

from jobmeter.api.openapi.schemas import Schema

REFERENCE = "#/components/schemas/"
DEPTH_MAX = 6
_KEYS = {"accessToken": "CHILD", "operatorKey": "OPERATOR_KEY", "eventsKey": "EVENTS_KEY"}
_TEXTS = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2026-11-28",
    "date-time": "2026-11-28T09:00:00Z",
}
_SLOT = re.compile(r"\{(\w+)\}")
_PLAIN_BODIES = ("application/json", "application/x-www-form-urlencoded")


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
    words.append(f'"$BASE{_SLOT.sub(lambda slot: "$" + slot[1].upper(), path)}{_write_query(operation)}"')
    for option in operation["security"]:
        words += [f'-H "Authorization: Bearer ${_KEYS[scheme]}"' for scheme in option]
    for parameter in operation["parameters"]:
        if parameter["in"] == "header" and parameter["required"]:
            values = parameter["schema"].get("enum") or ["..."]
            words.append("-H " + shlex.quote(f"{parameter['name']}: {values[-1]}"))
    words += _write_body(verb, operation, schemas)
    return " \\\n     ".join(words)


def _write_query(operation: dict[str, Any]) -> str:
    pairs = []
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and parameter["required"]:
            schema = parameter["schema"]
            inner = schema.get("items", schema)
            value = (inner.get("enum") or inner.get("examples") or ["..."])[0]
            pairs.append(f"{parameter['name']}={value}")
    return f"?{'&'.join(pairs)}" if pairs else ""


def _write_body(verb: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> list[str]:
    contents = (operation.get("requestBody") or {}).get("content", {})
    for media, content in contents.items():
        if media in _PLAIN_BODIES:
            example = make_example(content["schema"], schemas)
            if media == "application/x-www-form-urlencoded" and isinstance(example, dict):
                return [
                    f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()
                ]
            return [
                "-H 'Content-Type: application/json'",
                "-d " + shlex.quote(msgspec.json.encode(example).decode()),
            ]
    return ["-X POST"] if verb == "post" else []
