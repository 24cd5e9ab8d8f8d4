"""Owns the collection of requests: one for each operation, in the format of ``.http`` files, which editors send.

Does not own the examples (``examples``) or the groups (``page``). Its variables are those of ``jobmeter env --http``.
"""

from typing import Any
from urllib.parse import quote

import msgspec

from jobmeter.api.openapi.examples import (
    SLOT,
    choose_body,
    list_headers,
    make_example,
    name_variable,
    write_query,
)
from jobmeter.api.openapi.page import list_groups
from jobmeter.api.openapi.schemas import Schema
from jobmeter.wire.restli.tunnel import FORM

_INTRODUCTION = """\
# One request for each endpoint, for editors and programs that send .http files: VS Code with REST Client, IDEs of JetBrains, httpyac.
# This file is generated from the tables in the code: make docs
# Insert before this line the variables of a running sandbox, which `jobmeter env --http` prints.

# Ids that earlier responses returned.
"""
# The fields of forms that are variables too.
_OF_FORMS = {"client_id": "{{CLIENT_ID}}", "client_secret": "{{CLIENT_SECRET}}", "token": "{{CHILD}}"}


def print_collection(document: dict[str, Any]) -> str:
    """Returns the text of the file."""
    schemas = document["components"]["schemas"]
    ids: dict[str, str] = {}
    sections = []
    for group in list_groups(document):
        sections.append(f"\n# -- {group.name}\n")
        for verb, path, operation, _ in group.rows:
            ids |= {
                one["name"].upper(): make_example(one["schema"] | {"minimum": 1}, schemas)
                for one in operation["parameters"]
                if one["in"] == "path"
            }
            sections.append(_print_request(verb, path, operation, schemas))
    variables = "".join(f"@{name} = {value}\n" for name, value in sorted(ids.items()))
    return f"{_INTRODUCTION}{variables}{''.join(sections)}"


def _print_request(verb: str, path: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> str:
    address = SLOT.sub(lambda slot: f"{{{{{slot[1].upper()}}}}}", path)
    variable = name_variable(path, operation)
    headers = {"Authorization": f"Bearer {{{{{variable}}}}}"} if variable else {}
    headers |= list_headers(operation)
    media, example = choose_body(operation, schemas)
    headers |= {"Content-Type": media} if media else {}
    lines = [
        f"\n### {operation['summary']}",
        f"# @name {operation['operationId']}",
        f"{verb.upper()} {{{{BASE}}}}{address}{write_query(operation)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if media:
        lines += ["", _write_form(example) if media == FORM else _write_json(example)]
    return "\n".join(lines) + "\n"


def _write_form(example: dict[str, str]) -> str:
    return "&".join(f"{name}={_OF_FORMS.get(name, quote(value))}" for name, value in example.items())


def _write_json(example: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(example)).decode()
