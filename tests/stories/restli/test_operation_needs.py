"""Each operation needs only what it uses: every other field may be missing, empty, of another type or out of range."""

from typing import Any

from jobmeter.jobs.postings.schema import Element
from tests.support.sandbox_client import SandboxClient
from tests.support.scenario import one_of

KEY = {"externalJobPostingId", "jobPostingOperationType"}
NEEDED = {"CLOSE": KEY, "RENEW": KEY, "DOWNGRADE": KEY, "UPGRADE": KEY | {"contract", "budget"}}
FIELDS = [str(field.alias) for field in Element.model_fields.values()]
MISSING = object()
SPOILED: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "empty": "",
    "blank": " ",
    "a number": -1,
    "a list": [5],
    "a record": {"a": 1},
    "too long": "x" * 26_000,
    "zero": "\0",
}
# What LinkedIn's page prints for closing a job, its description of 49 characters included.
PRINTED_CLOSE = {
    "externalJobPostingId": "printed",
    "jobPostingOperationType": "CLOSE",
    "title": "Software Engineer",
    "description": "We are looking for a passionate Software Engineer",
    "listedAt": 1440716666,
    "location": "India",
    "companyApplyUrl": "http://linkedin.com",
    "company": "urn:li:company:1111",
}


def spoil(element: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    kept = {name: one for name, one in element.items() if name != field}
    return kept if value is MISSING else kept | {field: value}


def run_in_batches(sandbox_client: SandboxClient, elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        for start in range(0, len(elements), 100)
        for row in sandbox_client.batch_create(elements[start:][:100])
    ]


@one_of(4)
def test_each_operation_is_carried_out_with_every_other_field_spoiled(
    sandbox_client: SandboxClient, every: int
) -> None:
    amount = {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "3.00"}}
    cases = [(field, name) for field in FIELDS if field not in KEY for name in SPOILED][::every]
    elements = [
        sandbox_client.job_element(f"{field}-{name}", budget=amount, title=f"Fitter {field} {name}")
        for field, name in cases
    ]
    assert {row["status"] for row in run_in_batches(sandbox_client, elements)} == {202}
    for operation in ("RENEW", "DOWNGRADE", "UPGRADE", "CLOSE"):
        wanted = [
            spoil(element | {"jobPostingOperationType": operation}, field, SPOILED[name])
            for element, (field, name) in zip(elements, cases, strict=True)
            if field not in NEEDED[operation]
        ]
        rows = run_in_batches(sandbox_client, wanted)
        refused = [(element, row) for element, row in zip(wanted, rows, strict=True) if row["status"] != 202]
        assert not refused, (operation, refused[:3])
        assert sandbox_client.task(rows[-1]["id"])["status"] == "SUCCEEDED", operation
    assert len(cases) > 200 // every
    assert {field for field, _ in cases} == set(FIELDS) - KEY
    assert {name for _, name in cases} == set(SPOILED)
    for element in elements[:: len(elements) // 20 * every]:
        assert sandbox_client.close_job(element["externalJobPostingId"])["status"] == 409  # it is closed


def test_the_printed_sample_closes_its_job(sandbox_client: SandboxClient) -> None:
    email = {"posterEmail": "jobs@example.com"}
    headers = {"LinkedIn-Version": "202603"}
    (posted,) = sandbox_client.batch_create([sandbox_client.job_element("printed", **email)], **headers)
    assert posted["status"] == 202
    (row,) = sandbox_client.batch_create([PRINTED_CLOSE], **headers)
    assert row["status"] == 202
    task = sandbox_client.task(row["id"])
    assert (task["status"], task["location"]) == ("SUCCEEDED", "India")


def test_a_key_and_an_operation_are_enough(sandbox_client: SandboxClient) -> None:
    """The task repeats the place of the job when the element names none."""
    sandbox_client.post_job("bare")
    for operation in ("RENEW", "DOWNGRADE", "CLOSE"):
        (row,) = sandbox_client.batch_create(
            [{"externalJobPostingId": "bare", "jobPostingOperationType": operation}]
        )
        assert row["status"] == 202, row
        task = sandbox_client.task(row["id"])
        assert task["status"] == "SUCCEEDED"
        assert task["location"] == "Leeds, England, United Kingdom"


def test_the_key_is_checked(sandbox_client: SandboxClient) -> None:
    keys = [MISSING, None, "", " ", 5, ["a"], "x" * 201, "a\0"]
    for operation in NEEDED:
        elements = [
            spoil({"jobPostingOperationType": operation, "title": ""}, "externalJobPostingId", key)
            for key in keys
        ]
        for row in sandbox_client.batch_create(elements):
            assert row["status"] == 422
            assert row["error"]["message"].startswith("ERROR :: /externalJobPostingId :: ")
            assert row["error"]["message"].count("ERROR") == 1


def test_an_upgrade_checks_what_pays_for_it(sandbox_client: SandboxClient) -> None:
    sandbox_client.post_job("up")
    for field in ("contract", "budget"):
        element = {"externalJobPostingId": "up", "jobPostingOperationType": "UPGRADE", field: 5}
        (row,) = sandbox_client.batch_create([element])
        assert (row["status"], row["error"]["code"]) == (422, f"ERROR_INVALID_{field.upper()}_FIELD")


def test_a_whole_element_is_still_checked(sandbox_client: SandboxClient) -> None:
    for operation in ("CREATE", "UPDATE"):
        element = sandbox_client.job_element("whole", jobPostingOperationType=operation, description="x" * 49)
        (row,) = sandbox_client.batch_create([element])
        assert row["status"] == 422
        assert row["error"]["message"].startswith("ERROR :: /description :: ")
