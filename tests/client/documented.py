"""Owns the comparison of a response with the OpenAPI document: no field is missing, and none is there that is not documented."""

from functools import cache
from typing import Any

import httpx2
import jsonschema_rs

from jobmeter.api.openapi.document import build_document
from jobmeter.api.routes import CANDIDATE, PLAIN, RESTLI, XML_JOBS

JSON = "application/json"


def check_documented(request: httpx2.Request, response: httpx2.Response) -> None:
    """Compares a successful response in JSON."""
    if response.is_success and response.headers.get("content-type", "").startswith(JSON):
        place = find_path(request.url.path), request.method.lower(), str(response.status_code)
        make_validator(*place).validate(response.json())


@cache
def make_validator(path: str, method: str, status: str) -> Any:
    document = build_strict()
    described = document["paths"][path][method]["responses"][status]["content"][JSON]["schema"]
    return jsonschema_rs.validator_for(described | {"components": document["components"]})


@cache
def find_path(path: str) -> str:
    """Returns the documented path; a literal step is preferred to a parameter."""
    steps = path.rstrip("/").split("/")
    fitting = [known for known in build_strict()["paths"] if fits(steps, known.split("/"))]
    return min(fitting, key=lambda known: known.count("{"))


def fits(steps: list[str], known: list[str]) -> bool:
    return len(steps) == len(known) and all(
        step == name or name.startswith("{") for step, name in zip(steps, known, strict=True)
    )


@cache
def build_strict() -> dict[str, Any]:
    plain = (*CANDIDATE, *PLAIN)
    return forbid_other_fields(build_document(restli=RESTLI, plain=plain, xml=XML_JOBS))


def forbid_other_fields(schema: Any) -> Any:
    if isinstance(schema, list):
        return [forbid_other_fields(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: forbid_other_fields(one) for name, one in schema.items()}
    is_open = isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema
    return strict | ({"additionalProperties": False} if is_open else {})
