"""HTTP statuses of errors occur only in the table in base/faults.py; handlers and flows use the name of the row."""

import ast
import re
from http import HTTPStatus

import pytest

from tests.tidy.source import Breach, Source, nodes, refuse, sources

ERRORS = range(400, 600)
TABLE = "jobmeter/base/faults.py"
EDGES = ("api", "portal")

_CONSTANT = re.compile(r"HTTP_[45]\d\d(_\w+)?")
_ERROR_NAMES = {status.name for status in HTTPStatus if status.value in ERRORS}


def status_breaches(source: Source) -> list[Breach]:
    if source.path == TABLE or not (source.part in EDGES or re.fullmatch(r"flow(_\w+)?", source.stem)):
        return []
    message = "is a status; raise `Refused(Fault.…)` and put the number into base/faults.py (if it is a limit, name it in base)"
    return [
        Breach(source.path, getattr(node, "lineno", 1), f"`{status}` {message}")
        for node in nodes(source)
        if (status := _status_in(node))
    ]


def _status_in(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value in ERRORS:
        return str(node.value)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if _CONSTANT.fullmatch(name):
        return name
    of_http = (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "HTTPStatus"
    )
    return name if of_http and name in _ERROR_NAMES else ""


def test_no_status_outside_the_table():
    refuse(breach for source in sources(".py", "jobmeter") for breach in status_breaches(source))


@pytest.mark.parametrize(
    "path", ["api/jobs.py", "api/xml/feed.py", "portal/pages.py", "jobs/flow.py", "jobs/postings/flow.py"]
)
@pytest.mark.parametrize(
    "code",
    [
        "return JSONResponse({}, status_code=404)",
        "if response.status >= 400: pass",
        "code = 599",
        "code = status.HTTP_403_FORBIDDEN",
        "code = HTTPStatus.CONFLICT",
    ],
)
def test_statuses_are_found(path, code):
    assert [breach.line for breach in status_breaches(Source(f"jobmeter/{path}", f"\n{code}"))] == [2]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("api/jobs.py", "status_code = 201\nwidth = 600\nsmall = 399"),
        ("api/jobs.py", 'text = "404"\nok = HTTPStatus.CREATED\nshare = 450.0'),
        ("base/faults.py", "CONTRACT_UNKNOWN = Row(6000, 404, '')"),
        ("jobs/rules.py", "batch_rows_max = 500"),
    ],
)
def test_other_numbers_are_allowed(path, code):
    assert status_breaches(Source(f"jobmeter/{path}", code)) == []
