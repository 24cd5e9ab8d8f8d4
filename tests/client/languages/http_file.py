"""Owns reading ``.http`` files as editors do, and sending one of their requests with curl. Does not own any expectation."""

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support.missing_part import find_programs
from tests.support.paths import DOCS

COLLECTION = DOCS / "reference" / "requests.http"
_VARIABLE = re.compile(r"^@(\w+) = (.*)$", re.MULTILINE)
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_NAME = re.compile(r"^# @name (\w+)$", re.MULTILINE)
_STATUS = "\n%{http_code}"


@dataclass(frozen=True)
class HttpRequest:
    """A request; its variables are not replaced yet."""

    name: str
    summary: str
    verb: str
    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def parse_requests(text: str) -> list[HttpRequest]:
    """Requests begin with ``###``; a line that begins with ``#`` is a comment, the body follows an empty line."""
    return [_parse_request(part) for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]]


def _parse_request(part: str) -> HttpRequest:
    name = _NAME.search(part)
    assert name is not None, part
    summary, _, rest = part.partition("\n")
    head, _, body = "\n".join(line for line in rest.split("\n") if not line.startswith("#")).partition("\n\n")
    first, *lines = head.strip().split("\n")
    verb, url = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    return HttpRequest(name[1], summary, verb, url, headers, body.strip())


class HttpFile:
    """The collection, with the values of its variables."""

    def __init__(self, variables: dict[str, str]) -> None:
        text = COLLECTION.read_text(encoding="utf-8")
        self.requests = {request.name: request for request in parse_requests(text)}
        self.variables = dict(_VARIABLE.findall(text)) | variables

    def fill(self, text: str) -> str:
        return _SLOT.sub(lambda slot: self.variables[slot[1]], text)

    def send(
        self, name: str, *, body: Any = None, form: dict[str, str] | None = None, query: str | None = None
    ) -> HttpAnswer:
        """Sends the request of that name with another body or query; it must succeed."""
        request = self.requests[name]
        url = request.url if query is None else f"{request.url.partition('?')[0]}?{query}"
        text = urlencode(form) if form else json.dumps(body) if body is not None else request.body
        answer = self.run(HttpRequest(name, "", request.verb, url, request.headers, text))
        assert answer.status < 300, (name, answer)
        return answer

    def run(self, request: HttpRequest) -> HttpAnswer:
        """Sends a request as it is."""
        (curl,) = find_programs("curl")
        command = [
            curl,
            "--silent",
            "--globoff",
            "--max-time",
            "60",
            "--write-out",
            _STATUS,
            "--request",
            request.verb,
        ]
        for name, value in request.headers.items():
            command += ["--header", f"{name}: {self.fill(value)}"]
        if request.verb not in {"GET", "DELETE"}:
            command += ["--data-binary", "@-"]
        command.append(self.fill(request.url))
        done = subprocess.run(
            command, input=self.fill(request.body).encode(), capture_output=True, timeout=90, check=True
        )
        text, _, status = done.stdout.decode(errors="replace").rpartition("\n")
        return HttpAnswer(int(status), text)
