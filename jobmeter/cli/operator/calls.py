"""Owns calls to the operator's endpoints of a running server, and printing the responses.

Does not own which server (``cli.profiles``), further attempts (``client``) or the form of what is printed (``cli.output``).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from cyclopts import Parameter

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.failures import explain_errors
from jobmeter.cli.options import ServerOptions
from jobmeter.cli.output import Row, print_record, print_rows
from jobmeter.cli.profiles import find_profile, require_operator
from jobmeter.client.http.errors import UnreadableError
from jobmeter.client.http.transport import (
    Answer,
    Exchange,
    Limits,
    Surroundings,
    Transport,
    jobmeter_at,
    open_http,
)

ReadT = TypeVar("ReadT")
LIMITS = Limits(attempts_max=3, wait_seconds_max=10)  # a person waits for the result
PAGE_ROWS_MAX = 200


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Operator(ServerOptions):
    """The operator of a server. A call raises ``CommandFailed`` if the server refuses it, or does not respond."""

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Returns the decoded response; ``None`` if it is empty."""
        return self._run(method, path, body, _read_json)

    def read_all(self, path: str, **query: object) -> list[Row]:
        """Returns all rows of a list, page by page; of ``query``, what is ``None`` is not asked for."""
        return self.read_first(path, sys.maxsize, **query)

    def read_first(self, path: str, rows_max: int, **query: object) -> list[Row]:
        """As ``read_all``, but no more than ``rows_max`` rows."""
        found: list[Row] = []
        after: object = 0
        while after is not None and len(found) < rows_max:
            count = min(PAGE_ROWS_MAX, rows_max - len(found))
            page = self.call("GET", add_query(path, **{"count": count} | query, after=after))
            found += page["elements"]
            after = page["nextAfter"]
        return found

    def fetch_file(self, path: str) -> tuple[str, str, bytes]:
        """Returns the name, the SHA-256 and the bytes of a file."""
        answer = self._run("GET", path, None, _read_answer)
        name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        return name, answer.headers["etag"].strip('"'), answer.body

    def show(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Calls the server and prints the one thing that it responds."""
        self.print_record(self.call(method, path, body))

    def print_record(self, record: Row) -> None:
        print_record(record, as_json=self.json)

    def print_rows(self, rows: Sequence[Row], columns: Sequence[str], *, title: str | None = None) -> None:
        print_rows(rows, columns, as_json=self.json, title=title)

    def _run(
        self, method: str, path: str, body: Mapping[str, Any] | None, read: Callable[[Answer], ReadT]
    ) -> ReadT:
        url, key = require_operator(find_profile(self))
        surroundings = Surroundings()
        headers = {"Authorization": f"Bearer {key}"}
        if method != "GET":
            headers["Idempotency-Key"] = surroundings.make_key()
        if body is not None:
            headers["Content-Type"] = "application/json"
        with explain_errors(url), open_http(None, LIMITS, url=url) as http:
            transport = Transport(jobmeter_at(url), http, limits=LIMITS, surroundings=surroundings)
            exchange = Exchange(
                method=method,
                url=f"{transport.server.api_url}{path}",
                headers=headers,
                body=b"" if body is None else msgspec.json.encode(body),
                is_safe=method == "GET",
            )
            return transport.run(exchange, read)


OPERATOR = Operator()


def list_given(**values: object) -> dict[str, Any]:
    """Returns what was given on the command line, by its name in the request."""
    return {name: value for name, value in values.items() if value is not None}


def add_query(path: str, **query: object) -> str:
    """Returns the path with the parameters that are not ``None``."""
    given = list_given(**query)
    return f"{path}?{urlencode(given)}" if given else path


def write_file(target: Path, content: bytes) -> None:
    """Raises ``CommandFailed`` with the reason if the file cannot be written."""
    try:
        target.write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{target} cannot be written: {error.strerror}") from error


def _read_answer(answer: Answer) -> Answer:
    return answer


def _read_json(answer: Answer) -> Any:
    if not answer.body:
        return None
    try:
        return msgspec.json.decode(answer.body)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"the response cannot be read: {error}") from error
