"""The responses satisfy the published list of what LinkedIn's Java SDK expects.

Owns a small parser of that list: conditions such as ``results[task1].status == SUCCEEDED``, and types by name. Without
the list next to the checkout only the tests of the parser run.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from babel.numbers import list_currencies

from tests.support.sandbox_client import SandboxClient, open_sandbox_client

FIRST, SECOND = "112233445566", "112233445577"
JOBS = 13  # as in the SDK's report
PATH = re.compile(r"\[(\w+)\]|\['([^']+)'\]|\.?(\w+)")
NAMES = {"size": len}
# The list has these as prose; here they are conditions.
PROSE = {
    "amount is a STRING": lambda reply: all(
        isinstance(money["amount"], str) for money in reply["partnerBudgetDetails"][0].values()
    ),
    "serviceTermStartAt/EndAt epoch milliseconds": lambda reply: reply["serviceTermStartAt"] > 10**12,
    "no links when everything fits": lambda reply: reply["paging"]["links"] == [],
    "companyDetails key is companyName": lambda reply: all(
        "companyName" in one["jobPostingInfo"]["companyDetails"] for one in reply["results"].values()
    ),
}


# -- the reader


def find_value(reply: Any, path: str, constants: dict[str, Any]) -> Any:
    """Returns the value at ``results[task1].status`` or ``elements.size``. Raises ``KeyError`` if there is none."""
    found = reply
    for name, key, part in PATH.findall(path):
        if part in NAMES and not (isinstance(found, dict) and part in found):
            found = NAMES[part](found)
        elif isinstance(found, list):
            found = found[int(name)]
        else:
            found = found[constants.get(name, name) if name else key or part]
    return found


def exists(reply: Any, path: str, constants: dict[str, Any]) -> bool:
    try:
        return find_value(reply, path, constants) is not None
    except KeyError:
        return False


def holds(reply: Any, line: str, constants: dict[str, Any]) -> bool:
    """Whether ``reply`` satisfies one line of the list."""
    for start, condition in PROSE.items():
        if line.startswith(start):
            return bool(condition(reply))
    for form, judge in FORMS.items():
        if match := re.fullmatch(form, line):
            return bool(judge(reply, match, constants))
    raise AssertionError(f"unsupported form of expectation: {line}")


def _all_there(reply: Any, paths: str, constants: dict[str, Any]) -> bool:
    """``elements[0].a, b, c.d``: the later paths are relative to the parent of the first."""
    first, *others = paths.split(", ")
    before = first.rpartition(".")[0]
    return all(exists(reply, path, constants) for path in (first, *(f"{before}.{one}" for one in others)))


def _read_value(text: str, constants: dict[str, Any]) -> Any:
    """``SUCCEEDED``, ``13``, ``{start:0,links:[]}`` or the name of a constant."""
    quoted = re.sub(r"([{,])(\w+):", r'\1"\2":', text)
    try:
        return json.loads(quoted)
    except json.JSONDecodeError:
        return constants.get(text, text)


FORMS: dict[str, Callable[[Any, re.Match[str], dict[str, Any]], object]] = {
    # A line that only permits something is always satisfied.
    r".* may .*": lambda *_: True,
    r"(\S+) non-empty": lambda reply, match, known: find_value(reply, match[1], known),
    r"(\S+) (?:ABSENT|null)": lambda reply, match, known: not exists(reply, match[1], known),
    r"(.+) non-null": lambda reply, match, known: _all_there(reply, match[1], known),
    r"(\S+) is a string( == .*)?": lambda reply, match, known: isinstance(
        find_value(reply, match[1], known), str
    ),
    r"(\S+) is a long( == .*)?": lambda reply, match, known: type(find_value(reply, match[1], known)) is int,
    r"(\S+) has key '(.+)'": lambda reply, match, known: match[2] in find_value(reply, match[1], known),
    r"(\S+) == (.+)": lambda reply, match, known: (
        find_value(reply, match[1], known) == _read_value(match[2], known)
    ),
}


def fits(value: Any, expected_type: Any) -> bool:
    """Whether a value has its type in the SDK's model; fields that the model lacks and absent fields are ignored."""
    if isinstance(expected_type, dict):
        return isinstance(value, dict) and all(
            fits(value[name], expected_type[name]) for name in expected_type if name in value
        )
    if isinstance(expected_type, list):
        return isinstance(value, list) and all(fits(one, expected_type[0]) for one in value)
    if expected_type.startswith("enum ISO-4217"):
        return value in list_currencies()
    if expected_type.startswith(("Long", "Integer", "int")):
        return type(value) is int
    if expected_type.startswith("String"):
        return isinstance(value, str)
    return "|" not in expected_type or value in expected_type.split("|")


@pytest.mark.parametrize(
    ("line", "good", "bad"),
    [
        ("a.b == X", {"a": {"b": "X"}}, {"a": {"b": "Y"}}),
        ("r[t].s == OK", {"r": {"urn": {"s": "OK"}}}, {"r": {"urn": {"s": "NO"}}}),
        ("r['1'].s == OK", {"r": {"1": {"s": "OK"}}}, {"r": {"1": {"s": "NO"}}}),
        ("l.size == 1", {"l": [0]}, {"l": []}),
        ("p == {start:0,links:[]}", {"p": {"start": 0, "links": []}}, {"p": {"start": 1, "links": []}}),
        ("l[0].a, b.c non-null", {"l": [{"a": 1, "b": {"c": 2}}]}, {"l": [{"a": 1, "b": {}}]}),
        ("a ABSENT", {}, {"a": 1}),
        ("a is a long == 3600", {"a": 1}, {"a": "1"}),
        ("r has key '1'", {"r": {"1": 0}}, {"r": {}}),
        ("l non-empty", {"l": [1]}, {"l": []}),
    ],
)
def test_conditions_are_parsed_and_evaluated(line: str, good: Any, bad: Any) -> None:
    assert holds(good, line, {"t": "urn"})
    assert not holds(bad, line, {"t": "urn"})


def test_values_are_compared_with_types() -> None:
    expected_type = {"a": "Long epoch ms", "b": [{"c": "String"}], "d": "X|Y", "e": "enum ISO-4217"}
    assert fits({"a": 1, "b": [{"c": "x", "more": 1}], "d": "X", "e": "USD"}, expected_type)
    assert fits({}, expected_type)
    for bad in ({"a": "1"}, {"b": [{"c": None}]}, {"d": "Z"}, {"e": "ZZZ"}, {"b": {}}):
        assert not fits(bad, expected_type)


# -- the replies


@pytest.fixture
def expected(shared: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "fixtures/lts_java_sdk/EXPECTATIONS.json").read_text())
    return found


@pytest.fixture
def replies(database_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """One response for each response file of the SDK, by file name, and the constants with our task ids."""
    with open_sandbox_client(database_url) as sandbox_client:
        tasks = post_thirteen(sandbox_client)
        day = sandbox_client.now.date()
        found = {
            "TokenSuccessResponse.json": token(sandbox_client),
            "NewTokenSuccessResponse.json": token(sandbox_client),
            "TaskStatusSuccessResponse.json": batch_get(sandbox_client, "simpleJobPostingTasks", tasks[0]),
            "JobPostingStatusSuccessResponse.json": batch_get(sandbox_client, "jobPostingStatus", FIRST),
        } | provision(sandbox_client)
        sandbox_client.advance_to_midnight()
        found |= {
            "P4PJobPerformanceReportsByIdsSuccessResponse.json": sandbox_client.report_by_ids(
                FIRST, days=(day, day)
            ).json(),
            "P4PJobPerformanceReportsByDateSuccessResponse.json": sandbox_client.report_by_range(
                (day, day)
            ).json(),
            "P4PPartnerBudgetReportResponse.json": sandbox_client.budget().json(),
        }
        sandbox_client.close_job(SECOND)
        found["MultipleJobPostingStatusSuccessResponse.json"] = batch_get(
            sandbox_client, "jobPostingStatus", FIRST, SECOND
        )
    with open_idle(database_url, sandbox_client) as idle:
        # No worker runs here, so that one task stays in progress.
        rows = idle.batch_create([idle.job_element("waiting")])
        found["JobPostingSuccessResponse.json"] = {"elements": rows}
        found["MultipleTaskStatusSuccessResponse.json"] = batch_get(
            idle, "simpleJobPostingTasks", tasks[0], rows[0]["id"]
        )
    return found, {"task1": tasks[0], "task2": rows[0]["id"]}


@contextmanager
def open_idle(database_url: str, sandbox_client: SandboxClient) -> Iterator[SandboxClient]:
    """Opens a sandbox for the same partner without a worker."""
    kept = {name: sandbox_client.credentials[name] for name in ("parent", "child", "customer_contract_id")}
    with open_sandbox_client(database_url, chores=False) as idle:
        yield SandboxClient(idle.client, idle.credentials | kept)


def post_thirteen(sandbox_client: SandboxClient) -> list[str]:
    names = [FIRST, SECOND, *(f"job-{n}" for n in range(JOBS - 2))]
    rows = sandbox_client.batch_create([sandbox_client.job_element(name) for name in names])
    for row in rows:
        done = sandbox_client.task(row["id"])
    sandbox_client.send_clicks(int(done["jobPosting"].rsplit(":", 1)[-1]), 1)
    return [row["id"] for row in rows]


def token(sandbox_client: SandboxClient) -> Any:
    keys = sandbox_client.credentials["child"]
    form = {name: keys[name] for name in ("client_id", "client_secret")} | {
        "grant_type": "client_credentials"
    }
    return sandbox_client.client.post("/oauth/v2/accessToken", data=form).json()


def provision(sandbox_client: SandboxClient) -> dict[str, Any]:
    path, headers = "/v2/provisionedApplications/", sandbox_client.headers("parent")
    draft = {"uniqueForeignId": "sdk", "name": "ATS - Customer", "description": "A customer"}
    setup = {"partnerContractId": sandbox_client.credentials["partner_contract_id"]}
    return {
        "CreateApplicationSuccessResponse.json": sandbox_client.client.post(
            path, headers=headers, json=draft
        ).json(),
        "GetApplicationSuccessResponse.json": sandbox_client.client.get(
            f"{path}?q=credentialsByUniqueForeignId&uniqueForeignId=sdk", headers=headers
        ).json(),
        "P4PProvisionCustomerHiringContractsSuccessResponse.json": sandbox_client.client.post(
            "/rest/provisionedHiringContracts?action=setup", headers=sandbox_client.headers(), json=setup
        ).json(),
    }


def batch_get(sandbox_client: SandboxClient, resource: str, *ids: str) -> Any:
    """Sends the request as the SDK does: protocol 1.0.0, colons unescaped."""
    headers = {name: value for name, value in sandbox_client.headers().items() if not name.startswith("X-")}
    wanted = "&".join(f"ids={one}" for one in ids)
    return sandbox_client.client.get(f"/rest/{resource}?{wanted}", headers=headers).json()


def test_every_reply_satisfies_the_sdk_s_expectations(expected: dict[str, Any], replies: Any) -> None:
    found, ours = replies
    constants = expected["constants"] | ours
    assert set(found) >= set(expected["parse"])
    broken = [
        (name, line, found[name])
        for name, lines in expected["parse"].items()
        for line in lines
        if not holds(found[name], line, constants)
    ]
    assert broken == []


def test_every_reply_has_the_types_of_the_sdk_s_model(expected: dict[str, Any], replies: Any) -> None:
    found, _ = replies
    model = expected["typed_model"]
    report = model["P4PJobReport"]
    by_ids = found["P4PJobPerformanceReportsByIdsSuccessResponse.json"]
    by_date = found["P4PJobPerformanceReportsByDateSuccessResponse.json"]
    # The model describes nested objects in prose, which is not a type.
    field_types = {
        name: field_type for name, field_type in report.items() if not str(field_type).startswith("object")
    }
    elements = [*by_ids["results"].values(), *by_date["elements"]]
    assert any("jobPerformanceMetrics" in one for one in elements)
    assert all(fits(one, field_types) for one in elements)
    assert fits(by_date["paging"], model["P4PReportResponseByDate"]["paging"])
    for name in ("TaskStatusSuccessResponse.json", "MultipleTaskStatusSuccessResponse.json"):
        assert all(fits(one, model["JobPostingTaskResult"]) for one in found[name]["results"].values())
    details = found["MultipleJobPostingStatusSuccessResponse.json"]["results"].values()
    blames = {
        detail["errorType"]
        for one in details
        for detail in one.values()
        if isinstance(detail, dict) and "errorType" in detail
    }
    assert blames <= {"CUSTOMER_ERROR", "PARTNER_ERROR", "LINKEDIN_ERROR"}
