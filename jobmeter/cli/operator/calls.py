"""Owns calls to the operator's endpoints of a running server, and printing the responses."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.base.lists import list_parts
from jobmeter.cli.options import SANDBOX_DATA
from jobmeter.sandbox.traffic.client import Sandbox, open_sandbox

CREDENTIALS = SANDBOX_DATA / "credentials.json"

CredentialsOption = Annotated[
    Path,
    Parameter(
        "--credentials",
        help="Credentials file of a sandbox. Ignored if JOBMETER_BASE_URL and JOBMETER_OPERATOR_KEY are set.",
    ),
]


def call_operator(method: str, path: str, credentials: Path, body: dict[str, Any] | None = None) -> Any:
    """Returns the decoded response. Raises ``SandboxRefusedError``."""
    server = _find_server(credentials)
    content = {} if body is None else {"json": body}
    with closing(server.client):
        return server.call(method, path, key=server.credentials["operator_key"], **content)


def call_and_print(method: str, path: str, credentials: Path, body: dict[str, Any] | None = None) -> None:
    print_json(call_operator(method, path, credentials, body))


def read_all(path: str, credentials: Path, **query: object) -> list[dict[str, Any]]:
    """Returns all rows of a list, page by page; of ``query``, what is ``None`` is not asked for."""
    found: list[dict[str, Any]] = []
    after: object = 0
    while after is not None:
        page = call_operator("GET", f"{path}?{urlencode(list_given(**query, after=after))}", credentials)
        found += page["elements"]
        after = page["nextAfter"]
    return found


def list_given(**values: object) -> dict[str, Any]:
    """Returns what was given on the command line, by its name in the request."""
    return {name: value for name, value in values.items() if value is not None}


def fetch_file(path: str, credentials: Path) -> tuple[str, str, bytes]:
    """Returns the name, the SHA-256 and the bytes of a file. Raises ``SandboxRefusedError``."""
    server = _find_server(credentials)
    with closing(server.client):
        answer = server.fetch(path, key=server.credentials["operator_key"])
    name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
    return name, answer.headers["etag"].strip('"'), answer.content


def write_file(target: Path, content: bytes) -> None:
    """Raises ``CommandFailed`` with the reason if the file cannot be written."""
    try:
        target.write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{target} cannot be written: {error.strerror}") from error


def print_json(content: Any) -> None:
    print(json.dumps(content, indent=2))  # noqa: T201 -- JSON, whose strings are ASCII


def _find_server(credentials: Path) -> Sandbox:
    base_url, key = os.environ.get("JOBMETER_BASE_URL"), os.environ.get("JOBMETER_OPERATOR_KEY")
    if base_url and key:
        return Sandbox({"base_url": base_url, "operator_key": list_parts(key)[0]})
    return open_sandbox(credentials)
