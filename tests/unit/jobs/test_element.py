"""A job posting element, field by field: each invalid one has a line, and all lines are in one refusal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobmeter.base.clock import from_ms, to_ms
from jobmeter.base.faults import Fault, Refused
from jobmeter.base.money import Money
from jobmeter.jobs.model import Operation
from jobmeter.jobs.postings.element import Element, read_element

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
NOW_MS = to_ms(NOW)
DAY_MS = 86_400_000
VERSION = "20250401"
MINIMAL = {
    "externalJobPostingId": "fitter-1",
    "jobPostingOperationType": "CREATE",
    "title": "Fitter",
    "description": "A fitter repairs what broke. " * 5,
    "companyApplyUrl": "https://careers.example.com/apply",
    "listedAt": NOW_MS,
    "location": "Leeds, England, United Kingdom",
}
WHOLE = MINIMAL | {
    "alternateLocations": ["York", "Hull"],
    "company": "urn:li:organization:5",
    "integrationContext": "urn:li:organization:6",
    "companyPageUrl": "https://www.example.com/company/harbour",
    "companyName": "Harbour Logistics",
    "contract": "urn:li:contract:5",
    "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "30.00"}},
    "listingType": "PREMIUM",
    "companyJobCode": "F-1",
    "workplaceTypes": ["remote"],
    "employmentStatus": "FULL_TIME",
    "experienceLevel": "DIRECTOR",
    "industries": ["urn:li:industry:1"],
    "categories": ["eng", "mnfc"],
    "skillsDescription": "Patience",
    "compensation": {"compensations": [{"type": "BASE_SALARY", "period": "YEARLY"}]},
    "expireAt": NOW_MS + 30 * DAY_MS,
    "posterEmail": "jobs@example.com",
    "showPosterInfo": True,
    "availability": "PUBLIC",
    "trackingPixelUrl": "https://pixel.example.com/",
    "partnerRequisitionId": "r-1",
    "onsiteApplyConfiguration": {},
    "partnerJobCampaignId": "campaign",
}
TEXTS = {name for name, value in WHOLE.items() if isinstance(value, str)}
ENUMS = {"jobPostingOperationType", "listingType", "availability"}
RECORDS = {"budget", "compensation"}
PATTERNED = {
    "company",
    "integrationContext",
    "description",
    "posterEmail",
    "expireAt",
    "companyPageUrl",
    "trackingPixelUrl",
}
LISTS = {name for name, value in WHOLE.items() if isinstance(value, list)}
REQUIRED = set(MINIMAL)
LENGTHS = {
    "externalJobPostingId": 200,
    "title": 200,
    "description": 25_000,
    "companyApplyUrl": 2_083,
    "companyPageUrl": 2_083,
    "trackingPixelUrl": 2_083,
    "skillsDescription": 4_000,
    "location": 500,
    "companyName": 500,
    "companyJobCode": 500,
    "contract": 500,
}


def refused_lines(element):
    with pytest.raises(Refused) as refused:
        read_element(element, now=NOW, version=VERSION)
    assert refused.value.fault is Fault.JOB_FIELDS_INVALID
    lines = refused.value.message.splitlines()
    assert all(line.startswith("ERROR :: /") and line.count(" :: ") >= 2 for line in lines)
    return lines


def test_the_table_of_this_test_covers_every_field():
    assert {field.alias for field in Element.model_fields.values()} == set(WHOLE)


def test_a_minimal_element_is_read():
    draft = read_element(MINIMAL, now=NOW, version=VERSION)
    assert (draft.operation, draft.external_id, draft.title) == (Operation.CREATE, "fitter-1", "Fitter")
    assert (draft.listed_at, draft.expire_at, draft.total_budget) == (NOW, None, None)
    assert (draft.listing_type, draft.job_function, draft.experience_level) == ("BASIC", "", "")
    assert (draft.alternate_locations, draft.workplace_types) == ((), ())
    assert draft.content is MINIMAL


@pytest.mark.parametrize(
    ("listed_at", "shown"),
    [
        (NOW_MS + 300_000, NOW_MS + 300_000),  # the clock of the partner is ahead
        (NOW_MS // 1_000, NOW_MS // 1_000 * 1_000),
        (1_440_716_666, 1_440_716_666_000),  # as in the published samples
        (10**9, 10**12),
        (10**9 - 1, 10**9 - 1),
        (10**11, 10**11),
        (0, 0),
    ],
)
def test_a_time_in_seconds_is_read_and_remarked(listed_at, shown):
    draft = read_element(MINIMAL | {"listedAt": listed_at}, now=NOW, version=VERSION)
    assert draft.listed_at == from_ms(shown)
    remark = f"/listedAt :: {listed_at} was read as seconds since 1970; send milliseconds"
    assert draft.warnings == (() if listed_at == shown else (remark,))


def test_a_time_in_seconds_may_not_be_in_the_future_either():
    seconds = NOW_MS // 1_000 + 301
    (line,) = refused_lines(WHOLE | {"listedAt": seconds})
    assert line == f"ERROR :: /listedAt :: {seconds} is in the future"


def test_a_whole_element_is_read():
    draft = read_element(WHOLE, now=NOW, version=VERSION)
    assert draft.total_budget == Money(30_000_000, "USD")
    assert draft.company == "urn:li:organization:5"
    assert (draft.job_function, draft.experience_level) == ("eng", "DIRECTOR")
    assert draft.alternate_locations == ("York", "Hull")
    assert draft.expire_at == from_ms(NOW_MS + 30 * DAY_MS)
    other = {name: value for name, value in WHOLE.items() if name != "company"}
    assert read_element(other, now=NOW, version=VERSION).company == "urn:li:organization:6"


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_a_required_field_that_is_missing(field):
    element = {name: value for name, value in WHOLE.items() if name != field}
    (line,) = refused_lines(element)
    assert line == f"ERROR :: /{field} :: field is required but not found and has no default value"


@pytest.mark.parametrize("field", sorted(set(WHOLE) - REQUIRED))
def test_every_other_field_may_be_missing(field):
    read_element({name: value for name, value in WHOLE.items() if name != field}, now=NOW, version=VERSION)


@pytest.mark.parametrize("field", sorted(WHOLE))
@pytest.mark.parametrize("value", [None, 5.5, "text", True, [5], {"a": 1}, -1], ids=repr)
def test_a_value_of_the_wrong_type_is_named(field, value):
    fits = type(value) is type(WHOLE[field]) and field not in ENUMS | LISTS | RECORDS | PATTERNED
    optional = value is None and field not in REQUIRED | LISTS | {"listingType"}
    if (fits and value != -1) or optional:
        read_element(WHOLE | {field: value}, now=NOW, version=VERSION)
        return
    lines = refused_lines(WHOLE | {field: value})
    assert all(line.startswith(f"ERROR :: /{field}") for line in lines)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"title": 5}, "ERROR :: /title :: 5 cannot be coerced to String"),
        ({"title": None}, "ERROR :: /title :: null cannot be coerced to String"),
        ({"listedAt": "now"}, "ERROR :: /listedAt :: now cannot be coerced to Long"),
        ({"listedAt": True}, "ERROR :: /listedAt :: True cannot be coerced to Long"),
        ({"showPosterInfo": "yes"}, "ERROR :: /showPosterInfo :: yes cannot be coerced to Boolean"),
        ({"industries": "x"}, "ERROR :: /industries :: x cannot be coerced to Array"),
        ({"categories": ["x", 5]}, "ERROR :: /categories/1 :: 5 cannot be coerced to String"),
        ({"compensation": 5}, "ERROR :: /compensation :: 5 cannot be coerced to Record"),
        ({"onsiteApplyConfiguration": 5}, "ERROR :: /onsiteApplyConfiguration :: 5 cannot be coerced to Map"),
        ({"budget": 5}, "ERROR :: /budget :: 5 cannot be coerced to Record"),
        ({"listingType": "KING"}, 'ERROR :: /listingType :: "KING" is not an enum symbol'),
        (
            {"jobPostingOperationType": "UPSERT"},
            'ERROR :: /jobPostingOperationType :: "UPSERT" is not an enum symbol',
        ),
        ({"unknown": 5}, "ERROR :: /unknown :: unrecognized field found but not allowed"),
        (
            {"budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD"}}},
            (
                "ERROR :: /budget/payForPerformanceTotalBudget/amount :: "
                "field is required but not found and has no default value"
            ),
        ),
        (
            {"budget": {"daily": {}}},
            "ERROR :: /budget/daily :: unrecognized field found but not allowed",
        ),
        (
            {"budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "1.001"}}},
            "ERROR :: /budget/payForPerformanceTotalBudget :: 1.001 has more than the 2 decimal places of USD",
        ),
        ({"listedAt": NOW_MS + 300_001}, f"ERROR :: /listedAt :: {NOW_MS + 300_001} is in the future"),
        ({"listedAt": "x" * 500}, f"ERROR :: /listedAt :: {'x' * 100} cannot be coerced to Long"),
        (
            {"title": "a\0"},
            "ERROR :: /title :: the character U+0000 is not allowed, nor is half of a surrogate pair",
        ),
        (
            {"onsiteApplyConfiguration": {"a": [1, "\0"]}},
            "ERROR :: /onsiteApplyConfiguration/a/1 :: the character U+0000 is not allowed, nor is half of a surrogate pair",
        ),
    ],
)
def test_an_invalid_value_has_its_line(changed, line):
    assert refused_lines(WHOLE | changed) == [line]


@pytest.mark.parametrize(("field", "most"), LENGTHS.items())
def test_a_text_has_a_maximum_length(field, most):
    longest = WHOLE[field].ljust(most, "x")
    read_element(WHOLE | {field: longest}, now=NOW, version=VERSION)
    (line,) = refused_lines(WHOLE | {field: f"{longest}x"})
    assert line.startswith(f"ERROR :: /{field} :: ")
    assert line.endswith(f" {most}")


@pytest.mark.parametrize("field", sorted(TEXTS - ENUMS - {"skillsDescription", "description"}))
def test_a_text_is_not_empty(field):
    (line,) = refused_lines(WHOLE | {field: ""})
    assert line.startswith(f"ERROR :: /{field} :: ")


def test_a_short_description_is_refused():
    read_element(WHOLE | {"description": "x" * 100}, now=NOW, version=VERSION)
    (line,) = refused_lines(WHOLE | {"description": "x" * 99})
    assert line.startswith("ERROR :: /description ::")


def test_at_most_three_categories():
    (line,) = refused_lines(WHOLE | {"categories": ["a", "b", "c", "d"]})
    assert line.startswith("ERROR :: /categories ::")


@given(st.sets(st.sampled_from(sorted(WHOLE)), min_size=1))
def test_all_invalid_fields_are_reported_together(fields):
    lines = refused_lines(WHOLE | dict.fromkeys(fields, 5.5))
    assert {line.split(" :: ")[1].removeprefix("/") for line in lines} == fields


def test_faults_of_the_second_pass_are_reported_together():
    wrong = {
        "budget": {"payForPerformanceTotalBudget": {"currencyCode": "USD", "amount": "-1"}},
        "listedAt": NOW_MS + 300_001,
    }
    assert sorted(line.split(" :: ")[1] for line in refused_lines(WHOLE | wrong)) == [
        "/budget/payForPerformanceTotalBudget",
        "/listedAt",
    ]


@given(
    st.dictionaries(
        st.sampled_from(sorted(WHOLE)), st.text() | st.integers() | st.none() | st.lists(st.text())
    )
)
def test_any_values_are_read_or_refused(changed):
    try:
        draft = read_element(WHOLE | changed, now=NOW, version=VERSION)
    except Refused:
        return
    assert draft.external_id
