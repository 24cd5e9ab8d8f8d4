"""The fields of a job posting element: each limit and its message, all errors at once, differences by version."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobmeter.base.clock import to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.jobs.model import Operation
from jobmeter.jobs.postings.element import read_element

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY_MS = 86_400_000
REST = "20250401"
REQUIRED = "field is required but not found and has no default value"


def make_element(**changed: Any) -> dict[str, Any]:
    element = {
        "externalJobPostingId": "job-1",
        "jobPostingOperationType": "CREATE",
        "title": "Fitter",
        "description": "A fitter repairs what broke. " * 8,
        "companyApplyUrl": "https://careers.example.com/apply",
        "listedAt": to_ms(NOW),
        "location": "Leeds, England, United Kingdom",
        "companyName": "Harbour Logistics",
    } | changed
    return {field: value for field, value in element.items() if value is not None}


def read_lines(element: dict[str, Any], version: str | None = REST) -> list[str]:
    """Returns the error lines of an element without their common prefix; none for a valid one."""
    try:
        read_element(element, now=NOW, version=version)
    except Refused as error:
        refused = error
    else:
        return []
    lines = refused.message.splitlines()
    assert refused.fault is Fault.JOB_FIELDS_INVALID
    assert all(line.startswith("ERROR :: ") for line in lines)
    return [line.removeprefix("ERROR :: ") for line in lines]


VALUE = "/compensation/compensations/0/value"
SALARY = {"period": "YEARLY", "type": "BASE_SALARY"}


def pay(value: dict[str, Any]) -> dict[str, Any]:
    return {"compensations": [SALARY | {"value": value}]}


def amount(text: str, currency: str = "USD") -> dict[str, str]:
    return {"currencyCode": currency, "amount": text}


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"title": None}, f"/title :: {REQUIRED}"),
        ({"location": None}, f"/location :: {REQUIRED}"),
        ({"listedAt": "soon"}, "/listedAt :: soon cannot be coerced to Long"),
        ({"listedAt": 1.5}, "/listedAt :: 1.5 cannot be coerced to Long"),
        ({"listedAt": to_ms(NOW) + 300_001}, f"/listedAt :: {to_ms(NOW) + 300_001} is in the future"),
        ({"listedAt": -1}, "/listedAt :: -1 is out of range"),
        (
            {"jobPostingOperationType": "UPDATED"},
            '/jobPostingOperationType :: "UPDATED" is not an enum symbol',
        ),
        (
            {"jobPostingOperationType": 4},
            "/jobPostingOperationType :: enum type is not backed by a String",
        ),
        ({"title": ""}, "/title :: the text may not be empty"),
        ({"title": "t" * 201}, f'/title :: length of "{"t" * 100}" is greater than 200'),
        ({"title": 7}, "/title :: 7 cannot be coerced to String"),
        (
            {"description": "d" * 99},
            "/description :: The description length should be at least 100 characters",
        ),
        ({"description": "d" * 25_001}, f'/description :: length of "{"d" * 100}" is greater than 25000'),
        (
            {"externalJobPostingId": "x" * 201},
            f'/externalJobPostingId :: length of "{"x" * 100}" is greater than 200',
        ),
        ({"externalJobPostingId": "  "}, "/externalJobPostingId :: the id is blank"),
        (
            {"skillsDescription": "s" * 4_001},
            f'/skillsDescription :: length of "{"s" * 100}" is greater than 4000',
        ),
        ({"categories": ["a", "b", "c", "d"]}, "/categories :: the array has 4 items, at most 3"),
        ({"categories": "eng"}, "/categories :: eng cannot be coerced to Array"),
        ({"industries": [7]}, "/industries/0 :: 7 cannot be coerced to String"),
        ({"company": "Harbour"}, '/company :: "Harbour" is not a valid URN here'),
        ({"employmentStatus": 5}, "/employmentStatus :: 5 cannot be coerced to String"),
        ({"experienceLevel": ["GURU"]}, "/experienceLevel :: ['GURU'] cannot be coerced to String"),
        ({"availability": "SECRET"}, '/availability :: "SECRET" is not an enum symbol'),
        ({"workplaceTypes": ["Moon"]}, '/workplaceTypes/0 :: "Moon" is not an enum symbol'),
        ({"showPosterInfo": "yes"}, "/showPosterInfo :: yes cannot be coerced to Boolean"),
        ({"posterEmail": "nobody"}, '/posterEmail :: "nobody" is not an e-mail address'),
        ({"trackingPixelUrl": "/p.gif"}, '/trackingPixelUrl :: "/p.gif" is not a web address'),
        ({"budget": 5}, "/budget :: 5 cannot be coerced to Record"),
        (
            {"budget": {"payForPerformanceTotalBudget": amount("0")}},
            "/budget/payForPerformanceTotalBudget :: 0 is not above zero",
        ),
        (
            {"expireAt": to_ms(NOW) + DAY_MS},
            f"/expireAt :: {to_ms(NOW) + DAY_MS} is not more than 24 hours from now",
        ),
        (
            {"expireAt": to_ms(NOW) + 366 * DAY_MS},
            f"/expireAt :: {to_ms(NOW) + 366 * DAY_MS} is more than 365 days from now",
        ),
        (
            {"expireAt": to_ms(NOW) + 91 * DAY_MS, "listingType": "PREMIUM"},
            f"/expireAt :: {to_ms(NOW) + 91 * DAY_MS} is more than 90 days from now",
        ),
        (
            {"compensation": pay({"exactAmount": amount("1.234")})},
            f"{VALUE}/exactAmount :: 1.234 has more than the 2 decimal places of USD",
        ),
        (
            {"compensation": pay({"range": {"start": amount("9"), "end": amount("8")}})},
            f"{VALUE}/range/end :: the range ends before it starts or in another currency",
        ),
        (
            {"compensation": {"compensations": [SALARY | {"period": "DECADE"}]}},
            '/compensation/compensations/0/period :: "DECADE" is not an enum symbol',
        ),
        ({"sallary": "1"}, "/sallary :: unrecognized field found but not allowed"),
        ({"title": "a\0b"}, "/title :: the character U+0000 is not allowed, nor is half of a surrogate pair"),
    ],
)
def test_each_limit_of_a_field_has_its_message(changed: dict[str, Any], line: str) -> None:
    assert read_lines(make_element(**changed)) == [line]


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "t" * 200, "description": "d" * 100, "externalJobPostingId": "x" * 200},
        {"description": "d" * 25_000, "skillsDescription": "s" * 4_000, "categories": ["a", "b", "c"]},
        {"workplaceTypes": ["on-SITE"], "company": "urn:li:organization:7", "posterEmail": "a@b.example"},
        {"compensation": pay({"range": {"start": amount("0"), "end": amount("10.50")}})},
        {"compensation": pay({"start": amount("1000.00"), "end": amount("2000.00")})},
        {"compensation": pay({"exactAmount": amount("500", "JPY")})},
        {"expireAt": to_ms(NOW) + DAY_MS + 1, "showPosterInfo": False, "industries": ["urn:li:industry:4"]},
        {"jobPostingOperationType": "CLOSE", "expireAt": to_ms(NOW) - DAY_MS},
        {"employmentStatus": "Zero hours", "experienceLevel": "Guru", "industries": ["Beekeeping"]},
    ],
)
def test_valid_elements_are_accepted(changed: dict[str, Any]) -> None:
    assert read_lines(make_element(**changed)) == []


def test_all_errors_of_an_element_are_reported_at_once() -> None:
    element = make_element(title=None, listedAt="x", employmentStatus=7, colour="red")
    assert {line.partition(" ")[0] for line in read_lines(element, "20260301")} == {
        "/title",
        "/listedAt",
        "/employmentStatus",
        "/colour",
        "/posterEmail",
    }


def test_values_are_checked_although_other_fields_have_wrong_types() -> None:
    """A partner can correct an element in one step: no error is only reported after another was fixed."""
    element = make_element(
        title=7,
        listedAt=to_ms(NOW) + 300_001,
        expireAt=1,
        posterEmail="nobody",
        trackingPixelUrl="javascript:alert(1)",
        workplaceTypes=["Moon"],
        compensation=pay({"exactAmount": amount("1", "ZZZ")}),
        budget={
            "payForPerformanceTotalBudget": amount("0"),
            "payForPerformanceDailyBudget": amount("x"),
        },
    )
    assert [line.partition(" ")[0] for line in read_lines(element)] == [
        "/title",
        "/listedAt",
        "/posterEmail",
        "/trackingPixelUrl",
        "/workplaceTypes/0",
        "/expireAt",
        f"{VALUE}/exactAmount",
        "/budget/payForPerformanceTotalBudget",
        "/budget/payForPerformanceDailyBudget",
    ]


def test_an_empty_element_only_reports_its_missing_fields() -> None:
    lines = read_lines({})
    assert len(lines) == 7
    assert all(line.endswith(REQUIRED) for line in lines)


@pytest.mark.parametrize("operation", list(Operation))
def test_every_operation_is_accepted(operation: Operation) -> None:
    element = make_element(jobPostingOperationType=operation.value)
    assert read_element(element, now=NOW, version=REST).operation is operation


@pytest.mark.parametrize(
    ("version", "changed", "paths"),
    [
        (None, {"jobPostingOperationType": None}, []),
        (None, {"state": "LISTED", "postalCode": "94085", "workRemoteAllowed": True}, []),
        (None, {"colour": "red"}, ["/colour"]),
        ("20250401", {"jobPostingOperationType": None}, ["/jobPostingOperationType"]),
        ("20250401", {"state": "LISTED"}, ["/state"]),
        ("20250501", {}, []),
        ("20250601", {}, ["/posterEmail"]),
        ("20250601", {"posterEmail": "poster@example.com"}, []),
        ("20260201", {"externalJobPostingId": "x" * 76, "posterEmail": "p@example.com"}, []),
        ("20260301", {"externalJobPostingId": "x" * 75, "posterEmail": "p@example.com"}, []),
        (
            "20260301",
            {"externalJobPostingId": "x" * 76, "posterEmail": "p@example.com"},
            ["/externalJobPostingId"],
        ),
        (None, {"externalJobPostingId": "x" * 200}, []),
    ],
)
def test_the_version_decides_what_is_required(
    version: str | None, changed: dict[str, Any], paths: list[str]
) -> None:
    lines = read_lines(make_element(**changed), version)
    assert [line.partition(" ")[0] for line in lines] == paths


def test_an_element_without_an_operation_creates_under_v2() -> None:
    element = make_element(jobPostingOperationType=None)
    assert read_element(element, now=NOW, version=None).operation is Operation.CREATE
